import { ROOT_ID } from '#core/vfs/inode.ts';
import type { Backend, Replay } from '#core/volume/backend.ts';
import type { Test } from '../support/suite.ts';

import {
  expectContents,
  fileId,
  type InPlace,
  makeFile,
  nodeOf,
  readText,
  rename,
} from './backend-stage.ts';

/** One call of each mirror kind, between two known states of the files 2 ("a": one) and 3 ("b": two). */
interface Case {
  readonly title: string;
  call(backend: Backend, replay: Replay): void;
  /** Content by file id afterwards; empty for none. */
  readonly after: Readonly<Record<number, string>>;
}

const CASES: readonly Case[] = [
  {
    title: 'create',
    call: (backend, replay) => backend.create(ROOT_ID, 'new', nodeOf(4, 'file'), replay),
    after: { 2: 'one', 3: 'two', 4: '' },
  },
  {
    title: 'create of a directory',
    call: (backend, replay) => backend.create(ROOT_ID, 'new', nodeOf(4, 'directory'), replay),
    after: { 2: 'one', 3: 'two' },
  },
  {
    title: 'create of a symlink',
    call: (backend, replay) =>
      backend.create(ROOT_ID, 'new', nodeOf(4, 'symlink', { target: 'a' }), replay),
    after: { 2: 'one', 3: 'two' },
  },
  {
    title: 'link',
    call: (backend, replay) => backend.link(fileId(2), ROOT_ID, 'c', replay),
    after: { 2: 'one', 3: 'two' },
  },
  {
    title: 'remove',
    call: (backend, replay) => backend.remove(ROOT_ID, 'a', fileId(2), true, replay),
    after: { 2: '', 3: 'two' },
  },
  {
    title: 'rename',
    call: (backend, replay) => rename(backend, 'a', 'c', 2, undefined, replay),
    after: { 2: 'one', 3: 'two' },
  },
  {
    title: 'rename over a file',
    call: (backend, replay) =>
      rename(backend, 'a', 'b', 2, { file: fileId(3), last: true }, replay),
    after: { 2: 'one', 3: '' },
  },
  {
    title: 'setAttributes',
    call: (backend, replay) =>
      backend.setAttributes(fileId(2), nodeOf(2, 'file', { mode: 0o600 }), replay),
    after: { 2: 'one', 3: 'two' },
  },
];

interface Situation {
  readonly replay: Replay;
  readonly isDone: boolean;
  /** The table is as it was before all calls. */
  readonly isTableLost: boolean;
}

const SITUATIONS: readonly Situation[] = [
  { replay: 'maybe', isDone: true, isTableLost: false },
  { replay: 'maybe', isDone: false, isTableLost: false },
  { replay: 'last', isDone: true, isTableLost: false },
  { replay: 'last', isDone: false, isTableLost: false },
  { replay: 'last', isDone: true, isTableLost: true },
  { replay: 'last', isDone: false, isTableLost: true },
  { replay: 'done', isDone: true, isTableLost: false },
];

export function replayTests(test: Test, inside: InPlace): void {
  for (const { title, call, after } of CASES) {
    for (const { replay, isDone, isTableLost } of SITUATIONS) {
      const lost = isTableLost ? ', and all before it told again' : '';
      test(
        `${title}: ${replay}, was ${isDone ? '' : 'not '}done${lost}`,
        inside(async (backend, place, table) => {
          const empty = table.copy();
          makeFile(backend, 2, 'a', 'one');
          makeFile(backend, 3, 'b', 'two');
          if (!backend.abilities.persistent) {
            call(backend, replay);
            await expectContents(backend, after);
            return;
          }
          const before = isTableLost ? empty : table.copy();
          if (isDone) call(backend, 'fresh');
          const again = place.open(before);
          if (isTableLost) {
            again.create(ROOT_ID, 'a', nodeOf(2, 'file'), 'done');
            again.create(ROOT_ID, 'b', nodeOf(3, 'file'), 'done');
          }
          call(again, replay);
          await expectContents(again, after);
          // The process goes on as if nothing had been.
          makeFile(again, 9, 'later', 'later');
          await expectContents(again, { ...after, 9: 'later' });
          await again.close();
        }),
      );
    }
  }
}

/** Histories of several calls that were all made before the table was lost, and are told again as `maybe`. */
export function doubtTests(test: Test, inside: InPlace): void {
  const histories: Readonly<Record<string, (backend: Backend, replay: Replay) => void>> = {
    'a name removed and used again': (backend, replay) => {
      backend.remove(ROOT_ID, 'a', fileId(2), true, replay);
      backend.create(ROOT_ID, 'a', nodeOf(5, 'file'), replay);
    },
    'a name created, removed, and given to an older file': (backend, replay) => {
      backend.create(ROOT_ID, 'x', nodeOf(5, 'file'), replay);
      backend.remove(ROOT_ID, 'x', fileId(5), true, replay);
      rename(backend, 'b', 'x', 3, undefined, replay);
    },
    'two files that changed places': (backend, replay) => {
      rename(backend, 'a', 't', 2, undefined, replay);
      rename(backend, 'b', 'a', 3, undefined, replay);
      rename(backend, 't', 'b', 2, undefined, replay);
    },
    'a file moved into a directory that was renamed': (backend, replay) => {
      backend.create(ROOT_ID, 'd', nodeOf(6, 'directory'), replay);
      const inside = { directory: fileId(6), name: 'a' };
      backend.rename({ directory: ROOT_ID, name: 'a' }, inside, fileId(2), undefined, replay);
      rename(backend, 'd', 'e', 6, undefined, replay);
    },
  };
  for (const [title, history] of Object.entries(histories)) {
    test(
      `told again: ${title}`,
      inside(async (backend, place, table) => {
        makeFile(backend, 2, 'a', 'one');
        makeFile(backend, 3, 'b', 'two');
        const before = table.copy();
        history(backend, 'fresh');
        const expected = { 2: await readText(backend, 2), 3: await readText(backend, 3), 5: '' };
        if (!backend.abilities.persistent) return;
        const again = place.open(before);
        // Content of the log comes again too, before the calls that move its file.
        if (expected[2] !== '') again.write(fileId(2), 0, Buffer.from('One'));
        history(again, 'maybe');
        makeFile(again, 9, 'later', 'later');
        const first = expected[2] === '' ? '' : 'One';
        await expectContents(again, { ...expected, 2: first, 9: 'later' });
        await again.close();
      }),
    );
  }
}
