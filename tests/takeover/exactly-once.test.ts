/**
 * Every kind of call that must not run twice, sent again as the very same record to the box that stepped in: it gets the
 * bytes of its first reply. After each first execution something was done that a second one would spoil.
 */
import * as assert from 'uvu/assert';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import { accepted, type Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import type { Procedure } from '#plugins/protocol/nfs/rpc/procedure.ts';
import { create } from '#plugins/protocol/nfs/v3/create.ts';
import { link } from '#plugins/protocol/nfs/v3/link.ts';
import { mkdir } from '#plugins/protocol/nfs/v3/mkdir.ts';
import { mknod } from '#plugins/protocol/nfs/v3/mknod.ts';
import { remove } from '#plugins/protocol/nfs/v3/remove.ts';
import { rename } from '#plugins/protocol/nfs/v3/rename.ts';
import { rmdir } from '#plugins/protocol/nfs/v3/rmdir.ts';
import { setattr } from '#plugins/protocol/nfs/v3/setattr.ts';
import {
  NFS3_OK,
  NFS3ERR_EXIST,
  NFS3ERR_NOENT,
  NFS3ERR_NOT_SYNC,
} from '#plugins/protocol/nfs/v3/status.ts';
import { symlink } from '#plugins/protocol/nfs/v3/symlink.ts';
import { FILE_SYNC, write } from '#plugins/protocol/nfs/v3/write.ts';
import { suite } from '../support/suite.ts';
import { recordOf, sendRecord } from './raw-call.ts';
import { onStage, type Stage } from './stage.ts';

const test = suite('takeover/exactly-once', { secondsMax: 60 });

/** Bytes from a reply's xid to its results. */
const RESULTS_OFFSET = 24;
const VERIFIER = '8 bytes.';

interface Said {
  readonly title: string;
  readonly record: Buffer;
  /** nfsstat3 of the first reply. */
  readonly status: number;
  /** What a second execution would undo, or could not do. */
  readonly then: () => Promise<unknown>;
}

test('a record that was answered gets the same bytes from the successor, and nothing runs twice', () =>
  onStage({ address: '127.0.20.20' }, async (stage) => {
    const { lab } = stage;
    const said = await script(stage);
    const replies: Buffer[] = [];
    for (const { title, record, status, then } of said) {
      const reply = await sendRecord(stage.place, record);
      assert.is(reply.readUInt32BE(RESULTS_OFFSET), status, title);
      replies.push(reply);
      await then();
    }
    const before = await sight(stage);
    const again = async (where: string): Promise<void> => {
      for (const [index, { title, record }] of said.entries()) {
        const reply = await sendRecord(stage.place, record);
        assert.is(reply.toString('hex'), replies[index]?.toString('hex'), `${title}, ${where}`);
      }
      assert.equal(await sight(stage), before, where);
    };
    await again('on the same box');
    await lab.kill('a');
    await again('after a takeover');
    await lab.restart('a');
    await lab.settled();
    await lab.kill('b');
    await again('on the box that came back');
    await lab.restart('b');
    await lab.settled();
    await Promise.all([lab.kill('a'), lab.kill('b')]);
    await Promise.all([lab.restart('a'), lab.restart('b')]);
    await again('after both boxes were killed');
  }));

/** One row a procedure; all names are in the root. */
async function script({ nfs, root: dir }: Stage): Promise<readonly Said[]> {
  const handles = await prepare(nfs, dir);
  const file = handle(handles, 'file');
  const ctime = (await nfs.getattr(file)).attributes?.ctime;
  const row = rows();
  const set = { ...SET_NOTHING, mode: 0o600 };
  const how = { how: 'guarded', set, verifier: '' } as const;
  const exclusive = { how: 'exclusive', set: SET_NOTHING, verifier: VERIFIER } as const;
  const overwrite = () => nfs.write(file, 0, Buffer.from('written afterwards'));
  const stale = { seconds: 1, nanoseconds: 0 };
  const data = Buffer.from('written first');
  return [
    row('SETATTR guarded', setattr, { file, set, guard: ctime }, NFS3_OK, () =>
      nfs.setattr(file, { mode: 0o777 }),
    ),
    row('SETATTR refused', setattr, { file, set, guard: stale }, NFS3ERR_NOT_SYNC),
    row('WRITE', write, { file, offset: 0, stable: FILE_SYNC, data }, NFS3_OK, overwrite),
    row('REMOVE', remove, { dir, name: 'goes' }, NFS3_OK, () => nfs.create(dir, 'goes')),
    row('REMOVE refused', remove, { dir, name: 'comes' }, NFS3ERR_NOENT, () =>
      nfs.create(dir, 'comes'),
    ),
    row(
      'RENAME over another',
      rename,
      { from: { dir, name: 'one' }, to: { dir, name: 'two' } },
      NFS3_OK,
      () => nfs.create(dir, 'one'),
    ),
    row('MKDIR', mkdir, { dir, name: 'folder', set }, NFS3_OK, () => nfs.rmdir(dir, 'folder')),
    row('MKDIR refused', mkdir, { dir, name: 'full', set }, NFS3ERR_EXIST, () =>
      nfs.rmdir(dir, 'full'),
    ),
    row('RMDIR', rmdir, { dir, name: 'empty' }, NFS3_OK, () => nfs.mkdir(dir, 'empty')),
    row('CREATE guarded', create, { dir, name: 'guarded', ...how }, NFS3_OK, () =>
      nfs.remove(dir, 'guarded'),
    ),
    row('CREATE exclusive', create, { dir, name: 'exclusive', ...exclusive }, NFS3_OK, () =>
      nfs.remove(dir, 'exclusive'),
    ),
    row('SYMLINK', symlink, { dir, name: 'symlink', set, target: 'there' }, NFS3_OK, () =>
      nfs.remove(dir, 'symlink'),
    ),
    row(
      'MKNOD',
      mknod,
      { dir, name: 'fifo', kind: 'fifo', set, device: { major: 0, minor: 0 } },
      NFS3_OK,
      () => nfs.remove(dir, 'fifo'),
    ),
    row('LINK', link, { file, link: { dir, name: 'link' } }, NFS3_OK, () =>
      nfs.remove(dir, 'link'),
    ),
  ];
}

function rows() {
  let xid = 0x7e57_0000;
  return <Args>(
    title: string,
    procedure: Pick<Procedure<Args, unknown, unknown>, 'number' | 'encodeArgs'>,
    args: Args,
    status: number,
    then: Said['then'] = () => Promise.resolve(),
  ): Said => {
    xid += 1;
    return { title, record: recordOf(xid, procedure, args), status, then };
  };
}

async function prepare(nfs: Nfs3Client, root: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const handles = new Map<string, Buffer>();
  for (const name of ['file', 'goes', 'one', 'two']) {
    const { object } = accepted(name, await nfs.create(root, name, 'guarded', { mode: 0o644 }));
    if (object !== undefined) handles.set(name, Buffer.from(object));
  }
  for (const name of ['empty', 'full']) accepted(name, await nfs.mkdir(root, name));
  return handles;
}

function handle(handles: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const found = handles.get(name);
  if (found === undefined) throw new Error(`${name}: no handle`);
  return found;
}

/** All that a client can see of the root: names, cookies, handles, attributes, and the file's bytes. */
async function sight({ nfs, root }: Stage): Promise<readonly string[]> {
  const listed = await nfs.list(root);
  const file = listed.find(({ name }) => name === 'file')?.handle;
  const { data } = accepted('READ', await nfs.read(file ?? root, 0, 1024));
  const { attributes } = accepted('GETATTR', await nfs.getattr(root));
  const rest = [JSON.stringify(attributes), data.toString('latin1')];
  return [
    ...listed.map(
      ({ handle: shown, ...row }) => `${JSON.stringify(row)} ${shown?.toString('hex')}`,
    ),
    ...rest,
  ];
}
