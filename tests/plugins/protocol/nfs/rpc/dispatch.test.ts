import * as assert from 'uvu/assert';
import { create } from '#plugins/protocol/nfs/v3/create.ts';
import { getattr } from '#plugins/protocol/nfs/v3/getattr.ts';
import { suite } from '../../../../support/suite.ts';
import { call, callOf, NFS_NULL, RawPeer, words } from '../raw.ts';
import { onStage, type Stage } from '../stage.ts';

const test = suite('nfs/rpc/dispatch');

async function withPeer(play: (peer: RawPeer, stage: Stage) => Promise<void>): Promise<void> {
  await onStage(async (stage) => {
    const peer = new RawPeer(stage.ports.nfs);
    try {
      await play(peer, stage);
    } finally {
      peer.end();
    }
  });
}

const XID = 1;
const accepted = (stat: number, ...rest: number[]) => [XID, 1, 0, 0, 0, stat, ...rest];

test('NULL is answered (RFC 1813 §3.3.0)', () =>
  withPeer(async (peer) => {
    assert.equal(words(await peer.ask(call(NFS_NULL))), accepted(0));
  }));

test('another version of RPC is denied with the one spoken (RFC 5531 §9)', () =>
  withPeer(async (peer) => {
    const reply = await peer.ask(call({ ...NFS_NULL, rpcVersion: 3 }));
    assert.equal(words(reply), [XID, 1, 1, 0, 2, 2]);
  }));

test('unknown programs, versions and procedures are told apart (RFC 5531 §9)', () =>
  withPeer(async (peer) => {
    assert.equal(words(await peer.ask(call({ ...NFS_NULL, program: 99 }))), accepted(1));
    assert.equal(words(await peer.ask(call({ ...NFS_NULL, version: 4 }))), accepted(2, 3, 3));
    assert.equal(words(await peer.ask(call({ ...NFS_NULL, procedure: 22 }))), accepted(3));
  }));

test('arguments that cannot be decoded, and bytes behind them, are GARBAGE_ARGS', () =>
  withPeer(async (peer) => {
    const ask = { ...NFS_NULL, procedure: getattr.number };
    assert.equal(words(await peer.ask(call(ask, (to) => to.u32(65)))), accepted(4));
    assert.equal(words(await peer.ask(call(NFS_NULL, (to) => to.u32(0)))), accepted(4));
  }));

test('flavors other than AUTH_NONE and AUTH_SYS are too weak, broken AUTH_SYS is a bad credential', () =>
  withPeer(async (peer) => {
    for (const flavor of [2, 3, 6, 7, 77]) {
      assert.equal(words(await peer.ask(call({ ...NFS_NULL, flavor }))), [XID, 1, 1, 1, 5]);
    }
    const broken = { ...NFS_NULL, flavor: 1, credential: Buffer.alloc(8) };
    assert.equal(words(await peer.ask(call(broken))), [XID, 1, 1, 1, 1]);
    const groups = Buffer.alloc(4 * 5 + 17 * 4);
    groups.writeUInt32BE(17, 16);
    const crowd = { ...NFS_NULL, flavor: 1, credential: groups };
    assert.equal(words(await peer.ask(call(crowd))), [XID, 1, 1, 1, 1]);
  }));

test('what is no call closes the connection', () =>
  withPeer(async (peer) => {
    const reply = call(NFS_NULL);
    reply.writeUInt32BE(1, 4);
    assert.is(await peer.ask(reply), undefined);
  }));

test('a record above the limit closes the connection', () =>
  withPeer(async (peer) => {
    peer.socket.write(Buffer.from('ffffffff', 'hex'));
    assert.is(await peer.reply(), undefined);
  }));

test('a retransmission gets the first reply and runs nothing, on another connection too', () =>
  withPeer(async (peer, stage) => {
    const dir = await stage.root();
    const message = callOf(7, create, {
      dir,
      name: 'once',
      how: 'guarded',
      set: { atime: 'keep', mtime: 'keep' },
      verifier: '',
    });
    const first = await peer.ask(message);
    assert.is(words(first)[6], 0);
    assert.equal(await peer.ask(message), first);
    const other = new RawPeer(stage.ports.nfs);
    assert.equal(await other.ask(message), first);
    other.end();
    assert.is(stage.counters.replayed.value, 2);
    // The same xid with another body is another call: it runs, UNCHECKED, and takes the file that is there.
    const changed = Buffer.from(message);
    changed.writeUInt32BE(0, changed.length - 4 * 7);
    assert.is(words(await peer.ask(changed))[6], 0);
    assert.is(stage.group.sealed.length, 2);
  }));

test('a refused call is kept as well', () =>
  withPeer(async (peer, stage) => {
    const dir = await stage.root();
    await stage.nfs().mkdir(dir, 'taken');
    const args = {
      dir,
      name: 'taken',
      how: 'guarded' as const,
      set: { atime: 'keep' as const, mtime: 'keep' as const },
      verifier: '',
    };
    const message = callOf(8, create, args);
    const first = await peer.ask(message);
    assert.is(words(first)[6], 17);
    await stage.nfs().rmdir(dir, 'taken');
    assert.equal(await peer.ask(message), first);
  }));

test('neither changes nor what reads of them leave before their commit, and order does not matter', () =>
  withPeer(async (peer, stage) => {
    const dir = await stage.root();
    stage.group.holding = true;
    const set = { atime: 'keep' as const, mtime: 'keep' as const };
    const args = { dir, name: 'held', how: 'guarded' as const, set, verifier: '' };
    const message = callOf(20, create, args);
    peer.send(message);
    peer.send(message);
    peer.send(callOf(21, getattr, { file: dir }));
    peer.send(call({ ...NFS_NULL, xid: 22 }));
    assert.is(words(await peer.reply())[0], 22);
    stage.group.release();
    const replies = [await peer.reply(), await peer.reply(), await peer.reply()];
    const sorted = replies.map((reply) => words(reply)[0]).sort();
    assert.equal(sorted, [20, 20, 21]);
    assert.is(stage.group.sealed.length, 1);
  }));

test('when serving ends every connection ends, and nobody can connect', () =>
  withPeer(async (peer, stage) => {
    await peer.ask(call(NFS_NULL));
    stage.group.serve(false);
    await peer.closed;
    const late = new RawPeer(stage.ports.nfs);
    await late.closed;
    stage.group.serve(true);
    const again = stage.nfs();
    await again.null();
  }));
