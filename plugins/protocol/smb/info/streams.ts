/** FileStreamInformation ([MS-FSCC] §2.4.44): all contents of a file. */

import { allocationOf } from './attributes.ts';
import { readChain, writeChain } from './chain.ts';
import type { FileInfoClass, StreamFacts } from './facts.ts';

/** Entries that a reader takes: more than any file here has. */
const ENTRIES_MAX = 4096;
const SUFFIX = ':$DATA';

export const fileStream: FileInfoClass<readonly StreamFacts[]> = {
  name: 'FileStreamInformation',
  code: 22,
  sizeMin: 32,
  needs: 0,
  write(to, facts) {
    writeChain(to, facts.streams(), 8, (entry, { name, size }) => {
      const spelled = `:${name}${SUFFIX}`;
      entry.u32(spelled.length * 2);
      entry.size(size);
      entry.size(allocationOf(size));
      entry.text(spelled);
    });
  },
  read(from) {
    return readChain(from.raw(from.left), ENTRIES_MAX, (entry) => {
      const length = entry.u32();
      const size = entry.u64Clamped();
      entry.skip(8);
      const spelled = entry.text(length);
      const name = spelled.slice(1, spelled.length - SUFFIX.length);
      return { name, size };
    });
  },
};
