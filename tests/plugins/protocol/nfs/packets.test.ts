import * as assert from 'uvu/assert';
import type { CommonHandle } from '#core/vfs/handle.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import { Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { mnt } from '#plugins/protocol/nfs/mount/mnt.ts';
import { getport } from '#plugins/protocol/nfs/portmap/portmap-v2.ts';
import type { Procedure } from '#plugins/protocol/nfs/rpc/procedure.ts';
import { create } from '#plugins/protocol/nfs/v3/create.ts';
import { getattr } from '#plugins/protocol/nfs/v3/getattr.ts';
import { lookup } from '#plugins/protocol/nfs/v3/lookup.ts';
import { readdirplus } from '#plugins/protocol/nfs/v3/readdirplus.ts';
import { setattr } from '#plugins/protocol/nfs/v3/setattr.ts';
import { write } from '#plugins/protocol/nfs/v3/write.ts';
import { suite } from '../../../support/suite.ts';
import { packet } from './packets.ts';

const test = suite('nfs/packets');

const HANDLE = Buffer.from(
  '11010003000000050000000000000001000000010102030405060708',
  'hex',
) as CommonHandle;
const fsid = { high: 0x0123_4567, low: 0x89ab_cdef };
const inode: Inode = {
  id: 42 as FileId,
  generation: 1,
  kind: 'file',
  mode: 0o644,
  uid: 1000,
  gid: 2000,
  nlink: 1,
  size: 601,
  atime: { seconds: 1_000_000_000, nanoseconds: 1 },
  mtime: { seconds: 1_000_000_001, nanoseconds: 2 },
  ctime: { seconds: 1_000_000_002, nanoseconds: 3 },
  btime: { seconds: 1_000_000_000, nanoseconds: 0 },
  change: 9,
  parent: 0 as FileId,
  nextCookie: 0,
  device: { major: 0, minor: 0 },
  target: '',
  verifier: '',
  issuer: '',
  issuerHandle: '',
  dos: 0,
  holds: 0,
};
const changed = { before: inode, after: inode };

/** The call decodes to these arguments and back; these results encode to the reply, and it decodes. */
function agrees<Args, Res, Answer>(
  procedure: Procedure<Args, Res, Answer>,
  args: NoInfer<Args>,
  res: NoInfer<Res>,
): Answer {
  const golden = packet(procedure.name.toLowerCase());
  const call = new Reader(golden.call);
  assert.equal(procedure.decode(call), args);
  call.end();
  const to = new Writer(4096);
  procedure.encodeArgs(to, args);
  assert.is(to.finish().toString('hex'), golden.call.toString('hex'));
  to.reset();
  procedure.encode(to, res);
  assert.is(to.finish().toString('hex'), golden.reply.toString('hex'));
  const reply = new Reader(golden.reply);
  const answer = procedure.decodeRes(reply);
  reply.end();
  return answer;
}

test('GETATTR (RFC 1813 §3.3.1)', () => {
  const answer = agrees(getattr, { file: HANDLE }, { status: 0, fsid, inode });
  const { attributes } = answer;
  assert.is(attributes?.fileid, 42);
  assert.is(attributes?.used, 1024);
  assert.equal(attributes?.mtime, inode.mtime);
});

test('LOOKUP (RFC 1813 §3.3.3)', () => {
  const res = { status: 0, fsid, object: HANDLE, inode, dir: undefined as never } as const;
  const answer = agrees(lookup, { dir: HANDLE, name: 'hello' }, res);
  assert.equal(answer.object, HANDLE);
  assert.is(answer.dir, undefined);
});

test('SETATTR (RFC 1813 §3.3.2)', () => {
  const mtime = { seconds: 1_000_000_000, nanoseconds: 7 };
  const set = { mode: 0o600, uid: undefined, gid: undefined, size: 2 ** 32 };
  const args = { file: HANDLE, set: { ...set, atime: 'now' as const, mtime }, guard: inode.ctime };
  const answer = agrees(setattr, args, { status: 10_002, fsid, changed });
  assert.equal(answer.wcc.before, { size: 601, mtime: inode.mtime, ctime: inode.ctime });
});

test('WRITE (RFC 1813 §3.3.7)', () => {
  const data = Buffer.from([1, 2, 3, 4, 5]);
  const verifier = Buffer.from('0011223344556677', 'hex');
  const wcc = { status: 0, fsid, changed };
  const res = { status: 0, wcc, count: 5, committed: 2, verifier } as const;
  const answer = agrees(write, { file: HANDLE, offset: 2 ** 32 + 2, stable: 2, data }, res);
  assert.equal(answer.verifier, verifier);
});

test('CREATE (RFC 1813 §3.3.8)', () => {
  const verifier = Buffer.from('a1a2a3a4a5a6a7a8', 'hex').toString('latin1');
  const set = { atime: 'keep', mtime: 'keep' } as const;
  const args = { dir: HANDLE, name: 'new', how: 'exclusive', set, verifier } as const;
  const dir = { status: 0, fsid, changed };
  const answer = agrees(create, args, { status: 0, object: HANDLE, inode, dir });
  assert.equal(answer.object, HANDLE);
});

test('READDIRPLUS (RFC 1813 §3.3.17)', () => {
  const args = { dir: HANDLE, cookie: 2, verifier: Buffer.alloc(8, 1) };
  const listed = { id: inode.id, name: 'x', cookie: 3 };
  const answer = agrees(
    readdirplus,
    { ...args, dircount: 512, maxcount: 4096 },
    {
      status: 0,
      told: { fsid, inode },
      page: [{ listed, inode }],
      eof: true,
      handleOf: () => HANDLE,
    },
  );
  assert.is(answer.names[0]?.name, 'x');
  assert.equal(answer.names[0]?.handle, HANDLE);
  assert.ok(answer.eof);
});

test('MNT (RFC 1813 §5.2.1)', () => {
  const answer = agrees(mnt, { path: '/files' }, { status: 0, handle: HANDLE });
  assert.equal(answer.flavors, [1, 0]);
});

test('GETPORT (RFC 1833 §3)', () => {
  assert.is(agrees(getport, { program: 100_003, version: 3, protocol: 6, port: 0 }, 2049), 2049);
});
