import * as assert from 'uvu/assert';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { encodeAuthSys, readAuthSys } from '#plugins/protocol/nfs/rpc/auth.ts';
import { readCallHeader, readReplyHeader } from '#plugins/protocol/nfs/rpc/message.ts';
import { call, NFS_NULL, RawPeer } from '../plugins/protocol/nfs/raw.ts';
import { onStage, type Stage } from '../plugins/protocol/nfs/stage.ts';
import { Seeded, seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { type Sample, samples } from './nfs-samples.ts';

const test = suite('fuzz/nfs', { secondsMax: 60 });

const HANDLE = Buffer.alloc(28, 1);
const ROUNDS = 200;
/** Bytes of an accepted reply before its results. */
const REPLY_HEADER_SIZE = 24;
/** Numbers that lengths and counts are most often wrong by. */
const ODD = [0, 1, 2, 3, 63, 64, 65, 255, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** The same bytes with a few of them changed, cut off or added. */
function mutated(random: Seeded, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    if (copy.length < 4) break;
    const word = random.below(copy.length >> 2) * 4;
    if (random.chance(2)) copy.writeUInt32BE(random.pick(ODD), word);
    else copy.writeUInt8(random.below(256), random.below(copy.length));
  }
  if (random.chance(4)) return copy.subarray(0, random.below(copy.length + 1));
  if (random.chance(8)) return Buffer.concat([copy, Buffer.alloc(random.below(64), 0xaa)]);
  return copy;
}

/** A value or a `DecodeError`; anything else fails the test. */
function decodes(what: string, decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw new Error(`${what}: ${String(error)}`);
  }
}

function tortures(what: string, bytes: Buffer, decode: (from: Reader) => unknown): void {
  const seed = seedOf();
  const random = new Seeded(seed);
  const title = `${what}, seed ${seed}`;
  for (let size = 0; size < bytes.length; size += 1) {
    const cut = bytes.subarray(0, size);
    decodes(`${title}, cut at ${size}`, () => decode(new Reader(cut)));
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const odd = mutated(random, bytes);
    decodes(`${title}: ${odd.toString('hex')}`, () => decode(new Reader(odd)));
  }
}

test('arguments of every procedure decode or are refused', () => {
  for (const { procedure, args } of samples(HANDLE)) {
    tortures(procedure.name, args, (from) => procedure.decode(from));
    // A sample that its own decoder refuses would test nothing.
    procedure.decode(new Reader(args));
  }
});

test('headers and credentials decode or are refused', () => {
  const credential = encodeAuthSys({ uid: 1, gid: 2, groups: [3, 4, 5] }, 'machine', 6);
  tortures('call', call({ ...NFS_NULL, flavor: 1, credential }), readCallHeader);
  tortures('reply', Buffer.from('00000001000000010000000000000000', 'hex'), readReplyHeader);
  tortures('AUTH_SYS', credential, (from) => readAuthSys(from.bytes));
});

function messageOf({ program, version, procedure, args }: Sample, xid: number): Buffer {
  const credential = encodeAuthSys({ uid: 0, gid: 0, groups: [] }, 'fuzz', 0);
  const header = { ...NFS_NULL, xid, program, version, procedure: procedure.number };
  return call({ ...header, flavor: 1, credential }, (to) => to.raw(args));
}

function portOf(stage: Stage, { program }: Sample): number {
  if (program === 100_003) return stage.ports.nfs;
  return program === 100_005 ? stage.ports.mount : stage.ports.portmap;
}

test('results of every procedure, as a server gave them, decode or are refused', () =>
  onStage(async (stage) => {
    for (const sample of samples(await stage.root())) {
      const peer = new RawPeer(portOf(stage, sample));
      const reply = await peer.ask(messageOf(sample, 1));
      peer.end();
      const results = reply?.subarray(REPLY_HEADER_SIZE);
      assert.ok(results, sample.procedure.name);
      sample.procedure.decodeRes(new Reader(results));
      tortures(sample.procedure.name, results, (from) => sample.procedure.decodeRes(from));
    }
  }));

test('a server answers any call, or closes the connection, and serves on', () =>
  onStage(async (stage) => {
    const seed = seedOf();
    const random = new Seeded(seed);
    const nfs = stage.nfs();
    const calls = samples(await stage.root());
    let peer: RawPeer | undefined;
    let closed = 0;
    for (let round = 0; round < 1500; round += 1) {
      const sample = calls[round % calls.length] as Sample;
      if (sample.program !== 100_003) continue;
      peer ??= new RawPeer(stage.ports.nfs);
      peer.send(mutated(random, messageOf(sample, round)));
      const answer = await peer.ask(call({ ...NFS_NULL, xid: 0xffff }));
      if (answer !== undefined) await peer.reply();
      else {
        closed += 1;
        peer = undefined;
      }
    }
    peer?.end();
    assert.equal(stage.errors, [], `seed ${seed}`);
    assert.ok(closed < 1400, `seed ${seed}: almost every connection was closed`);
    assert.is((await nfs.getattr(await stage.root())).status, 0, `seed ${seed}`);
  }));

test('streams of noise end their connection, and memory stays bounded', () =>
  onStage(async (stage) => {
    const random = new Seeded(seedOf());
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 60; round += 1) {
      const peers = Array.from({ length: 5 }, () => new RawPeer(stage.ports.nfs));
      for (const peer of peers) {
        const noise = Buffer.from(Array.from({ length: 400 }, () => random.below(256)));
        // Half of them announce a record that is allowed and never send it.
        if (random.chance(2)) noise.writeUInt32BE(0x8010_0000, 0);
        peer.socket.end(noise);
      }
      await Promise.all(peers.map((peer) => peer.closed));
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 100 * 1024 * 1024, `${grown} bytes`);
    await stage.nfs().null();
    assert.is(stage.server.connections, 1);
  }));
