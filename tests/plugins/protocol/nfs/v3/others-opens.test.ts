import * as assert from 'uvu/assert';
import { DELETE, FILE_READ_DATA, FILE_WRITE_DATA } from '#core/opens/access.ts';
import { OPLOCK_BATCH, OPLOCK_NONE, type OplockLevel } from '#core/opens/grants.ts';
import type { HeldOpen } from '#core/opens/types.ts';
import type { FileId } from '#core/vfs/inode.ts';
import { VOLUME_ID } from '../../../../support/fake-group.ts';
import { suite } from '../../../../support/suite.ts';
import { onStage, type Stage } from '../stage.ts';

const test = suite('nfs/v3/others-opens');

const NFS3ERR_ACCES = 13;
const ALL = 7;
const NO_DELETE = 3;

interface Opened {
  readonly root: Buffer;
  readonly file: Buffer;
  readonly id: FileId;
}

/** A file `a` of four bytes. */
async function made(stage: Stage): Promise<Opened> {
  const root = await stage.root();
  const { object } = await stage.nfs().create(root, 'a');
  await stage.nfs().write(object as Buffer, 0, Buffer.from('data'));
  const id = stage.group.served.tree.entries(1 as FileId)[0]?.id as FileId;
  return { root, file: object as Buffer, id };
}

/** Somebody else has it open, and says `told` to a break. */
function opened(
  stage: Stage,
  file: FileId,
  share: number,
  level: OplockLevel = OPLOCK_NONE,
  told: (open: HeldOpen) => void = () => {},
): HeldOpen {
  const outcome = stage.opens.open({
    volume: VOLUME_ID,
    file,
    holder: {
      told: ({ open }) => {
        told(open);
        return true;
      },
    },
    clientGuid: '',
    access: FILE_READ_DATA | FILE_WRITE_DATA | DELETE,
    share,
    overwrites: false,
    deleteOnClose: false,
    isDirectory: false,
    created: false,
    grant: { kind: 'oplock', level },
  });
  assert.ok(outcome.kind === 'granted', outcome.kind);
  return outcome.open;
}

const lock = (stage: Stage, open: HeldOpen, offset: bigint, exclusive = true) =>
  assert.is(stage.opens.lock(open, [{ offset, length: 2n, exclusive }]), 'granted');

test('a call that meets cached data is held, others go on, and it is done when the holder has answered', () =>
  onStage(async (stage) => {
    const { root, file, id } = await made(stage);
    let breaking: HeldOpen | undefined;
    opened(stage, id, ALL, OPLOCK_BATCH, (open) => {
      breaking = open;
    });
    const nfs = stage.nfs();
    let isRead = false;
    const read = nfs.read(file, 0, 4).then((answer) => {
      isRead = true;
      return answer;
    });
    // The same connection answers what comes later.
    assert.is((await nfs.getattr(root)).status, 0);
    assert.ok(breaking);
    assert.is(isRead, false);
    stage.opens.acknowledgeOplock(breaking, 1);
    assert.is((await read).data.toString(), 'data');
  }));

test('WRITE, SETATTR of a size, CREATE over it, REMOVE and RENAME ask for what is cached', () =>
  onStage(async (stage) => {
    const { root, file } = await made(stage);
    const nfs = stage.nfs();
    const calls = [
      () => nfs.write(file, 0, Buffer.from('x')),
      () => nfs.setattr(file, { size: 3 }),
      () => nfs.create(root, 'a', 'unchecked', { size: 0 }),
      () => nfs.rename(root, 'a', root, 'b'),
      () => nfs.rename(root, 'b', root, 'a'),
      () => nfs.remove(root, 'a'),
    ];
    const id = stage.group.served.tree.entries(1 as FileId)[0]?.id as FileId;
    for (const call of calls) {
      let told = 0;
      const held = opened(stage, id, ALL, OPLOCK_BATCH, (open) => {
        told += 1;
        // As a client whose program has closed the file already.
        setImmediate(() => stage.opens.close(open));
      });
      assert.is((await call()).status, 0, String(call));
      assert.is(told, 1, String(call));
      assert.is(stage.opens.isIdle, true);
      assert.ok(held);
    }
  }));

test('a holder that goes is not waited for, and a client that goes leaves nothing behind', () =>
  onStage(async (stage) => {
    const { file, id } = await made(stage);
    const held = opened(stage, id, ALL, OPLOCK_BATCH);
    const [one, other] = [stage.nfs(), stage.rpc(stage.ports.nfs)];
    const write = one.write(file, 0, Buffer.from('x'));
    other.close();
    await new Promise((later) => setTimeout(later, 20));
    stage.opens.close(held);
    assert.is((await write).status, 0);
  }));

test('bytes that somebody has locked are NFS3ERR_ACCES, those beside them are not', () =>
  onStage(async (stage) => {
    const { file, id } = await made(stage);
    const nfs = stage.nfs();
    const open = opened(stage, id, ALL);
    lock(stage, open, 2n);
    assert.is((await nfs.read(file, 0, 4)).status, NFS3ERR_ACCES);
    assert.is((await nfs.read(file, 0, 2)).data.toString(), 'da');
    assert.is((await nfs.write(file, 3, Buffer.from('x'))).status, NFS3ERR_ACCES);
    assert.is((await nfs.write(file, 0, Buffer.from('x'))).status, 0);
    assert.is((await nfs.setattr(file, { size: 3 })).status, NFS3ERR_ACCES);
    assert.is((await nfs.setattr(file, { size: 8 })).status, 0);
    assert.is((await nfs.setattr(file, { mode: 0o600 })).status, 0);
    stage.opens.close(open);
    const shares = opened(stage, id, ALL);
    lock(stage, shares, 2n, false);
    assert.is((await nfs.read(file, 0, 4)).status, 0);
    assert.is((await nfs.write(file, 3, Buffer.from('x'))).status, NFS3ERR_ACCES);
  }));

test('what an open does not share is NFS3ERR_ACCES', () =>
  onStage(async (stage) => {
    const { root, file, id } = await made(stage);
    const nfs = stage.nfs();
    const reads = opened(stage, id, 1);
    assert.is((await nfs.read(file, 0, 4)).status, 0);
    assert.is((await nfs.write(file, 0, Buffer.from('x'))).status, NFS3ERR_ACCES);
    assert.is((await nfs.setattr(file, { size: 0 })).status, NFS3ERR_ACCES);
    const over = await nfs.create(root, 'a', 'unchecked', { size: 0 });
    assert.is(over.status, NFS3ERR_ACCES);
    assert.is(over.dir.before === undefined, false);
    stage.opens.close(reads);
    opened(stage, id, NO_DELETE);
    assert.is((await nfs.remove(root, 'a')).status, NFS3ERR_ACCES);
    assert.is((await nfs.rename(root, 'a', root, 'b')).status, NFS3ERR_ACCES);
    await nfs.create(root, 'c');
    assert.is((await nfs.rename(root, 'c', root, 'a')).status, NFS3ERR_ACCES);
    assert.is((await nfs.getattr(file)).status, 0);
  }));

test('the bytes of a write that is held stay what they were', () =>
  onStage(async (stage) => {
    const { root, file, id } = await made(stage);
    const held = opened(stage, id, ALL, OPLOCK_BATCH);
    const nfs = stage.nfs();
    const data = Buffer.alloc(200_000, 'x');
    const write = nfs.write(file, 0, data);
    const other = (await nfs.create(root, 'other')).object as Buffer;
    for (let index = 0; index < 20; index += 1) {
      await nfs.write(other, 0, Buffer.alloc(200_000, index));
    }
    stage.opens.close(held);
    assert.is((await write).status, 0);
    assert.ok((await nfs.read(file, 0, data.length)).data.equals(data));
  }));

test('a write that is held and sent again is done once', () =>
  onStage(async (stage) => {
    const { file, id } = await made(stage);
    const held = opened(stage, id, ALL, OPLOCK_BATCH);
    const nfs = stage.nfs();
    const before = stage.group.sealed.length;
    const writes = Promise.all([
      nfs.write(file, 0, Buffer.from('x')),
      nfs.write(file, 1, Buffer.from('y')),
    ]);
    await new Promise((later) => setTimeout(later, 20));
    assert.is(stage.group.sealed.length, before);
    stage.opens.close(held);
    await writes;
    assert.is(stage.group.sealed.length, before + 2);
    assert.is((await nfs.read(file, 0, 4)).data.toString(), 'xyta');
  }));
