/** A tree to copy where there is none: what the executable brings along for a demo in an empty folder. */
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = 12;
const FILES_IN_FOLDER = 16;
/** Bytes of the first file; each is three times as large as the one before it, and they begin anew. */
const SIZE_MIN = 100;
const SIZES = 8;

/** Makes some 200 files of a few MB in `folder`, the same each time, and returns it. */
export function makeSample(folder: string): string {
  for (let number = 1; number <= FOLDERS; number += 1) {
    const inner = join(folder, `folder ${number}`);
    mkdirSync(inner, { recursive: true });
    for (let index = 0; index < FILES_IN_FOLDER; index += 1) {
      const size = SIZE_MIN * 3 ** (index % SIZES);
      writeFileSync(join(inner, `file ${index + 1}`), noise(`${number}/${index}`, size));
    }
    symlinkSync('file 1', join(inner, 'first'));
  }
  return folder;
}

/** Bytes that no two files share: a mixed-up file could not pass for another. */
function noise(seed: string, size: number): Buffer {
  return createHash('shake256', { outputLength: size }).update(seed).digest();
}
