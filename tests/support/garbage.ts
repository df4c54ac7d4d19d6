/** Bytes and JSON as a broken or hostile peer may send them, from a seed. */
import type { Seeded } from './seeded.ts';

/** Bytes of garbage that is no damaged frame. */
const SIZE_MAX = 300;

/** The frame with some bytes changed, cut off or added; or nothing of it at all. */
export function damaged(random: Seeded, frame: Buffer): Buffer {
  if (random.chance(12)) return noise(random);
  let bytes = Buffer.from(frame);
  for (let flips = random.below(4); flips > 0 && bytes.length > 0; flips -= 1) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  if (random.chance(3)) bytes = bytes.subarray(0, random.below(bytes.length + 1));
  if (random.chance(6)) bytes = Buffer.concat([bytes, noise(random)]);
  return bytes;
}

export function noise(random: Seeded): Buffer {
  return Buffer.from(Array.from({ length: random.below(SIZE_MAX) }, () => random.below(256)));
}

const ODD: readonly unknown[] = [
  null,
  true,
  '',
  'x'.repeat(5000),
  '__proto__',
  'constructor',
  '\0../..',
  0,
  -1,
  0.5,
  1e300,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  [null],
  { toString: 1, valueOf: null },
];

/** Any JSON value. */
export function oddValue(random: Seeded): unknown {
  return random.pick(ODD);
}

/** The value with one of its parts, or all of it, something else or missing. */
export function oddlyLike(random: Seeded, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.chance(5)) return oddValue(random);
  const copy: Record<string, unknown> = { ...value };
  const key = random.pick([...Object.keys(copy), 'more']);
  if (random.chance(4)) delete copy[key];
  else copy[key] = oddlyLike(random, copy[key]);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

/** A message of JSON gone wrong: in its values, its bytes, or its depth. */
export function oddJson(random: Seeded, value: unknown): Buffer {
  if (random.chance(40)) return Buffer.from('['.repeat(100_000));
  const bytes = Buffer.from(JSON.stringify(oddlyLike(random, value)));
  return random.chance(4) ? damaged(random, bytes) : bytes;
}
