/**
 * Search patterns ([MS-FSA] §2.1.4.4): `*` and `?`, and the three by which clients say what DOS meant by them.
 *
 *     *  any characters            <  any characters up to the last dot, which stays
 *     ?  one character             >  one character, or none before a dot that ends the name and at the end
 *                                  "  a dot, or nothing at the end
 *
 * All ways through the pattern are followed at once, so that no pattern takes longer than its length times the name's.
 */

const WILDCARDS = /[*?<>"]/;

export function hasWildcard(pattern: string): boolean {
  return WILDCARDS.test(pattern);
}

/** Both must be folded: see core/vfs/fold.ts. */
export function matches(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  const lastDot = name.lastIndexOf('.');
  let at = new Uint8Array(pattern.length + 1);
  let next = new Uint8Array(pattern.length + 1);
  at[0] = 1;
  for (let i = 0; i < name.length; i++) {
    reach(pattern, at, name[i]);
    let isAnywhere = false;
    for (let state = 0; state < pattern.length; state++) {
      const to = at[state] === 1 ? after(pattern, state, name, i, lastDot) : undefined;
      if (to === undefined) continue;
      next[to] = 1;
      isAnywhere = true;
    }
    if (!isAnywhere) return false;
    [at, next] = [next, at];
    next.fill(0);
  }
  reach(pattern, at, undefined);
  return at[pattern.length] === 1;
}

/** Adds what can be reached without taking a character; `next` is the one to come. */
function reach(pattern: string, at: Uint8Array, next: string | undefined): void {
  for (let state = 0; state < pattern.length; state++) {
    if (at[state] === 0) continue;
    const sign = pattern[state];
    const passes =
      sign === '*' ||
      sign === '<' ||
      (sign === '>' && (next === undefined || next === '.')) ||
      (sign === '"' && next === undefined);
    if (passes) at[state + 1] = 1;
  }
}

/** Where the pattern stands after it took character `i`; `undefined` where it does not take it. */
function after(
  pattern: string,
  state: number,
  name: string,
  i: number,
  lastDot: number,
): number | undefined {
  const sign = pattern[state];
  const character = name[i];
  switch (sign) {
    case undefined:
      return undefined;
    case '*':
      return state;
    case '<':
      return i === lastDot ? undefined : state;
    case '?':
      return state + 1;
    case '>':
      return character === '.' && i < name.length - 1 ? undefined : state + 1;
    case '"':
      return character === '.' ? state + 1 : undefined;
    default:
      return sign === character ? state + 1 : undefined;
  }
}
