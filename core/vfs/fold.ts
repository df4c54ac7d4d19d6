/**
 * Which names are one to clients that see no case: simple case folding by code point over canonical decomposition, the
 * same on every box and in every version of the runtime (fold-table.ts). So `É` composed, `E` with a combining accent
 * and `é` are one; `ß` and `SS`, whose folding changes the length, are not, as on Windows.
 */
import { CASE_FOLDS, COMBINING_CLASSES, DECOMPOSITIONS } from './fold-table.ts';
import type { Name } from './name.ts';

const NOT_ASCII = /[\x80-\xff]/;
const NOT_FOLDED = /[A-Z\x80-\xff]/;
const UPPER = /[A-Z]+/g;

/** Hangul syllables are composed by arithmetic (Unicode §3.12). */
const HANGUL = 0xac00;
const HANGUL_COUNT = 11_172;
const LEAD = 0x1100;
const VOWEL = 0x1161;
const TAIL = 0x11a7;
const TAIL_COUNT = 28;
const VOWEL_TAIL_COUNT = 588;

interface Tables {
  readonly decompositions: ReadonlyMap<number, readonly number[]>;
  readonly classes: ReadonlyMap<number, number>;
  readonly folds: ReadonlyMap<number, number>;
}

/** Made when the first name needs them: some 3 ms and 600 KB. */
let tables: Tables | undefined;

/** Whether the name is its own folded form, told without a table: then no row is needed to find it. */
export function isPlain(name: Name): boolean {
  return !NOT_FOLDED.test(name);
}

/** A byte string; bytes that are not UTF-8 are folded as ASCII, the rest of them standing as it is. */
export function foldName(name: Name): string {
  if (!NOT_ASCII.test(name)) return name.toLowerCase();
  const bytes = Buffer.from(name, 'latin1');
  const text = bytes.toString('utf8');
  if (text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(bytes)) {
    return name.replace(UPPER, (part) => part.toLowerCase());
  }
  return Buffer.from(foldText(text), 'utf8').toString('latin1');
}

/** The same of text: names of users and shares. */
export function foldText(text: string): string {
  const points: number[] = [];
  for (const character of text) decompose(character.codePointAt(0) as number, points);
  order(points);
  let folded = '';
  for (const point of points) folded += String.fromCodePoint(foldPoint(point));
  return folded;
}

function decompose(point: number, to: number[]): void {
  if (point < 0x80) {
    to.push(point);
    return;
  }
  const syllable = point - HANGUL;
  if (syllable >= 0 && syllable < HANGUL_COUNT) {
    to.push(LEAD + Math.floor(syllable / VOWEL_TAIL_COUNT));
    to.push(VOWEL + Math.floor((syllable % VOWEL_TAIL_COUNT) / TAIL_COUNT));
    if (syllable % TAIL_COUNT > 0) to.push(TAIL + (syllable % TAIL_COUNT));
    return;
  }
  const parts = known().decompositions.get(point);
  if (parts === undefined) to.push(point);
  else for (const part of parts) to.push(part);
}

/** Canonical ordering (Unicode §3.11): combining marks of one base in the order of their classes, otherwise as they came. */
function order(points: number[]): void {
  for (let index = 1; index < points.length; index += 1) {
    const point = points[index] as number;
    const own = classOf(point);
    if (own === 0) continue;
    let at = index;
    while (at > 0 && classOf(points[at - 1] as number) > own) {
      points[at] = points[at - 1] as number;
      at -= 1;
    }
    points[at] = point;
  }
}

function classOf(point: number): number {
  return point < 0x300 ? 0 : (known().classes.get(point) ?? 0);
}

function foldPoint(point: number): number {
  if (point >= 0x41 && point <= 0x5a) return point + 0x20;
  return point < 0x80 ? point : (known().folds.get(point) ?? point);
}

function known(): Tables {
  tables ??= {
    decompositions: new Map(
      words(DECOMPOSITIONS).map(([from, to]) => [
        Number.parseInt(from, 16),
        to.split('+').map((part) => Number.parseInt(part, 16)),
      ]),
    ),
    classes: new Map(
      words(COMBINING_CLASSES).flatMap(([range, value]) =>
        pointsOf(range).map((point) => [point, Number(value)] as const),
      ),
    ),
    folds: new Map(
      words(CASE_FOLDS).flatMap(([range, value]) =>
        pointsOf(range).map((point) => [point, point + Number(value)] as const),
      ),
    ),
  };
  return tables;
}

function words(table: string): (readonly [string, string])[] {
  return table
    .trim()
    .split(/\s+/)
    .map((word) => word.split('=') as unknown as readonly [string, string]);
}

function pointsOf(range: string): number[] {
  const [ends = '', step = '1'] = range.split('/');
  const [from = '', to = from] = ends.split('-');
  const points: number[] = [];
  const last = Number.parseInt(to, 16);
  for (let point = Number.parseInt(from, 16); point <= last; point += Number(step)) {
    points.push(point);
  }
  return points;
}
