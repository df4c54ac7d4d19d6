/** The version of this program, the same as in package.json (a test says so). */
export const VERSION = '0.1.0';

/** The day of this version, which files in packages carry: the same package each time it is built. */
export const RELEASED = '2026-11-24';
