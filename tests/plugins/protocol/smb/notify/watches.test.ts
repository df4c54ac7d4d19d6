import * as assert from 'uvu/assert';
import type { Transaction } from '#core/group/group.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import { create } from '#core/volume/operations/create.ts';
import { remove } from '#core/volume/operations/remove.ts';
import { rename } from '#core/volume/operations/rename.ts';
import { setAttributes } from '#core/volume/operations/set-attributes.ts';
import { NO_DEVICE } from '#core/volume/operations/types.ts';
import { write } from '#core/volume/operations/write.ts';
import {
  FILE_ACTION_ADDED,
  FILE_ACTION_MODIFIED,
  FILE_ACTION_REMOVED,
  FILE_ACTION_RENAMED_NEW_NAME,
  FILE_ACTION_RENAMED_OLD_NAME,
  FILE_NOTIFY_CHANGE_DIR_NAME,
  FILE_NOTIFY_CHANGE_FILE_NAME,
  FILE_NOTIFY_CHANGE_LAST_WRITE,
  FILE_NOTIFY_CHANGE_SIZE,
} from '#plugins/protocol/smb/notify/changes.ts';
import type { Watch, WatchAnswer } from '#plugins/protocol/smb/notify/watch.ts';
import { WATCHES_MAX, Watches } from '#plugins/protocol/smb/notify/watches.ts';
import {
  STATUS_NOTIFY_CLEANUP,
  STATUS_NOTIFY_ENUM_DIR,
  STATUS_SUCCESS,
} from '#plugins/protocol/smb/status.ts';
import { FakeGroup, VOLUME_ID } from '../../../../support/fake-group.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('plugins/protocol/smb/notify/watches');

const NAMES = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME;

/** A volume that somebody changes, by whatever protocol, while others watch. */
class Stage {
  readonly group = new FakeGroup();
  readonly watches = new Watches({ placesOf: () => [] });

  constructor() {
    this.group.serve(true);
    this.group.onChange((made) => this.watches.take(made));
  }

  watch(directory: FileId, filter = NAMES, isTree = false, sizeMax = 4096): Watch {
    const watch = this.watches.add({ volume: VOLUME_ID, directory, filter, isTree, sizeMax });
    assert.ok(watch);
    return watch;
  }

  make(directory: FileId, name: string, kind: 'file' | 'directory' = 'file'): FileId {
    let made = ROOT_ID;
    this.change((transaction) => {
      const done = transaction.change(create, this.group.served, ROOT_CALLER, {
        directory,
        name,
        kind,
        how: 'guarded',
        verifier: '',
        set: SET_NOTHING,
        target: '',
        device: NO_DEVICE,
        strategy: 'generic',
      });
      assert.ok(done.ok);
      made = done.value.inode.id;
    });
    return made;
  }

  move(from: FileId, name: string, to: FileId, newName: string): void {
    this.change((transaction) => {
      const source = { directory: from, name };
      const target = { directory: to, name: newName };
      const done = transaction.change(rename, this.group.served, ROOT_CALLER, { source, target });
      assert.ok(done.ok);
    });
  }

  change(run: (transaction: Transaction) => void): void {
    run(this.group.begin());
    this.group.seal(undefined);
  }
}

/** What the next request at a watch is answered; `undefined` while it waits. */
function next(watch: Watch, sizeMax = 4096): { answer: WatchAnswer | undefined } {
  const heard: { answer: WatchAnswer | undefined } = { answer: undefined };
  watch.wait(sizeMax, (answer) => {
    heard.answer = answer;
  });
  return heard;
}

function told(heard: { readonly answer: WatchAnswer | undefined }): unknown {
  return heard.answer?.notifications.map(({ action, path }) => [action, path]);
}

test('a rename is told with both names, whoever made it', () => {
  const stage = new Stage();
  stage.make(ROOT_ID, 'old');
  const heard = next(stage.watch(ROOT_ID));
  stage.move(ROOT_ID, 'old', ROOT_ID, 'new');
  assert.equal(told(heard), [
    [FILE_ACTION_RENAMED_OLD_NAME, 'old'],
    [FILE_ACTION_RENAMED_NEW_NAME, 'new'],
  ]);
});

test('between folders it is a name less and one more, and what was replaced is told first', () => {
  const stage = new Stage();
  const folder = stage.make(ROOT_ID, 'd', 'directory');
  stage.make(ROOT_ID, 'a');
  stage.make(folder, 'b');
  const above = next(stage.watch(ROOT_ID));
  const below = next(stage.watch(folder));
  const all = next(stage.watch(ROOT_ID, NAMES, true));
  stage.move(ROOT_ID, 'a', folder, 'b');
  assert.equal(told(above), [[FILE_ACTION_REMOVED, 'a']]);
  assert.equal(told(below), [
    [FILE_ACTION_REMOVED, 'b'],
    [FILE_ACTION_ADDED, 'b'],
  ]);
  assert.equal(told(all), [
    [FILE_ACTION_REMOVED, 'd\\b'],
    [FILE_ACTION_REMOVED, 'a'],
    [FILE_ACTION_ADDED, 'd\\b'],
  ]);
});

test('what happens between two requests is kept for the second', () => {
  const stage = new Stage();
  const watch = stage.watch(ROOT_ID);
  const first = next(watch);
  stage.make(ROOT_ID, 'a');
  stage.make(ROOT_ID, 'b');
  stage.change((transaction) => {
    transaction.change(remove, stage.group.served, ROOT_CALLER, { directory: ROOT_ID, name: 'a' });
  });
  assert.equal(told(first), [[FILE_ACTION_ADDED, 'a']]);
  assert.equal(told(next(watch)), [
    [FILE_ACTION_ADDED, 'b'],
    [FILE_ACTION_REMOVED, 'a'],
  ]);
});

test('a file changed by its id is told by its name, once for many writes, and only to those who asked', () => {
  const stage = new Stage();
  const file = stage.make(ROOT_ID, 'f');
  const watch = stage.watch(ROOT_ID, FILE_NOTIFY_CHANGE_LAST_WRITE | FILE_NOTIFY_CHANGE_SIZE);
  const names = next(stage.watch(ROOT_ID));
  for (const offset of [0, 1]) {
    stage.change((transaction) => {
      const args = { file, offset, size: 1 };
      transaction.change(write, stage.group.served, ROOT_CALLER, args, { data: Buffer.from('x') });
    });
  }
  assert.equal(told(next(watch)), [[FILE_ACTION_MODIFIED, 'f']]);
  assert.is(names.answer, undefined);
  stage.change((transaction) => {
    const set = { ...SET_NOTHING, dos: 2 };
    const args = { file, set, guard: undefined };
    transaction.change(setAttributes, stage.group.served, ROOT_CALLER, args);
  });
  assert.is(next(watch).answer, undefined);
});

test('more than there is room for is not told one by one, and later things are again', () => {
  const stage = new Stage();
  const watch = stage.watch(ROOT_ID, NAMES, false, 64);
  for (let i = 0; i < 10; i++) stage.make(ROOT_ID, `name-${i}`);
  assert.equal(next(watch).answer, { status: STATUS_NOTIFY_ENUM_DIR, notifications: [] });
  stage.make(ROOT_ID, 'last');
  assert.is(next(watch, 4).answer?.status, STATUS_NOTIFY_ENUM_DIR);
  stage.make(ROOT_ID, 'one');
  assert.is(next(watch).answer?.status, STATUS_SUCCESS);
});

test('requests are answered in their order, and all when the watch ends', () => {
  const stage = new Stage();
  const watch = stage.watch(ROOT_ID);
  const [first, second] = [next(watch), next(watch)];
  stage.make(ROOT_ID, 'a');
  assert.equal(told(first), [[FILE_ACTION_ADDED, 'a']]);
  assert.is(second.answer, undefined);
  stage.watches.remove(watch, STATUS_NOTIFY_CLEANUP);
  assert.is(second.answer?.status, STATUS_NOTIFY_CLEANUP);
  assert.is(stage.watches.size, 0);
});

test('one that was cancelled is not answered', () => {
  const stage = new Stage();
  const watch = stage.watch(ROOT_ID);
  let answers = 0;
  const cancel = watch.wait(4096, () => {
    answers += 1;
  });
  cancel();
  stage.make(ROOT_ID, 'a');
  assert.is(answers, 0);
  assert.equal(told(next(watch)), [[FILE_ACTION_ADDED, 'a']]);
});

test('there are no more watches than a change can be held against', () => {
  const box = new Stage();
  for (let count = 0; count < WATCHES_MAX; count += 1) box.watch(ROOT_ID);
  const options = { volume: VOLUME_ID, directory: ROOT_ID, filter: NAMES, isTree: false };
  assert.is(box.watches.add({ ...options, sizeMax: 1 << 20 }), undefined);
});
