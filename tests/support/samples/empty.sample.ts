/** What the runner's own tests run: a file that registers no suite. */
export const NOTHING = 0;
