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
  let at = new Set<number>([0]);
  for (let i = 0; i < name.length && at.size > 0; i++) {
    const next = new Set<number>();
    for (const state of reached(pattern, at, name.slice(i))) {
      const to = after(pattern, state, name, i, lastDot);
      if (to !== undefined) next.add(to);
    }
    at = next;
  }
  return reached(pattern, at, '').has(pattern.length);
}

/** What can be reached without taking a character of what is left of the name. */
function reached(pattern: string, from: ReadonlySet<number>, left: string): Set<number> {
  const all = new Set(from);
  for (const state of all) {
    const sign = pattern[state];
    if (sign === '*' || sign === '<') all.add(state + 1);
    else if (sign === '>' && (left === '' || left[0] === '.')) all.add(state + 1);
    else if (sign === '"' && left === '') all.add(state + 1);
  }
  return all;
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
