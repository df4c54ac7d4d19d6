import * as assert from 'uvu/assert';
import { DecodeError } from '#core/wire/reader.ts';
import { decodeFrame, encodeFrame, type Frame } from '#plugins/cluster/arp/frames.ts';
import { announcement, answer, probe, signOf } from '#plugins/cluster/arp/signs.ts';
import { damaged } from '../../../support/garbage.ts';
import { goldenPacket } from '../../../support/golden-packet.ts';
import { Seeded, seedOf } from '../../../support/seeded.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('arp/frames');

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const STAMP = { view: 7, rank: 1 };

/** What we say is the golden packet, and the golden packet is what we said. */
function agrees(name: string, frame: Frame | undefined): void {
  const golden = goldenPacket(`arp/${name}`, 'frame');
  assert.ok(frame);
  assert.is(encodeFrame(frame).toString('hex'), golden.toString('hex'), name);
  assert.equal(decodeFrame(golden), frame);
}

test('frames are the golden packets, and golden packets are frames', () => {
  agrees('probe', probe('192.168.1.50', A));
  const [request, reply] = announcement('192.168.1.50', B, STAMP);
  agrees('announcement-request', request);
  agrees('announcement-reply', reply);
  agrees('probe-ipv6', probe('fd00::50', A));
  const [advertisement] = announcement('fd00::50', B, STAMP);
  agrees('announcement-ipv6', advertisement);
});

test('what frames mean for an address', () => {
  const signs = [
    'probe',
    'announcement-request',
    'announcement-reply',
    'probe-ipv6',
    'announcement-ipv6',
  ].map((name) => {
    const frame = decodeFrame(goldenPacket(`arp/${name}`, 'frame'));
    return frame && signOf(frame);
  });
  assert.equal(signs, [
    { address: '192.168.1.50', kind: 'question', mac: A, asker: '0.0.0.0' },
    { address: '192.168.1.50', kind: 'claim', mac: B, asker: '192.168.1.50', stamp: STAMP },
    { address: '192.168.1.50', kind: 'claim', mac: B, asker: '192.168.1.50', stamp: STAMP },
    { address: 'fd00::50', kind: 'question', mac: A, asker: '::' },
    { address: 'fd00::50', kind: 'claim', mac: B, asker: 'fd00::50', stamp: STAMP },
  ]);
});

test('an answer goes to whoever asked, in the form that a table heeds at once', () => {
  const question = decodeFrame(encodeFrame(probe('192.168.1.50', A)));
  const sign = question && signOf(question);
  assert.ok(sign);
  const frame = decodeFrame(encodeFrame(answer('192.168.1.50', B, STAMP, sign)));
  assert.ok(frame?.kind === 'arp');
  assert.is(frame.to, A);
  assert.is(frame.senderMac, frame.targetMac);
  assert.is(frame.sender, frame.target);
  assert.equal(frame.stamp, STAMP);
});

test('a frame without its stamp is one of somebody else', () => {
  const golden = goldenPacket('arp/announcement-reply', 'frame');
  const bare = decodeFrame(golden.subarray(0, 42));
  assert.ok(bare?.kind === 'arp');
  assert.is(bare.stamp, undefined);
});

test('other traffic is nothing, and what is cut off is refused', () => {
  const golden = goldenPacket('arp/announcement-ipv6', 'frame');
  const routed = Buffer.from(golden);
  routed[21] = 254;
  assert.is(decodeFrame(routed), undefined);
  const tcp = Buffer.from(golden);
  tcp[20] = 6;
  assert.is(decodeFrame(tcp), undefined);
  assert.throws(
    () => decodeFrame(golden.subarray(0, 70)),
    (error: Error) => error instanceof DecodeError,
  );
  assert.throws(
    () => decodeFrame(goldenPacket('arp/probe', 'frame').subarray(0, 30)),
    (error: Error) => error instanceof DecodeError,
  );
});

const seed = seedOf();

test(`whatever comes, it is a frame, nothing, or a DecodeError (seed ${seed})`, () => {
  const random = new Seeded(seed);
  const names = ['probe', 'announcement-reply', 'probe-ipv6', 'announcement-ipv6'];
  const golden = names.map((name) => goldenPacket(`arp/${name}`, 'frame'));
  for (let round = 0; round < 5_000; round += 1) {
    try {
      const frame = decodeFrame(damaged(random, random.pick(golden)));
      if (frame !== undefined) signOf(frame);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
});
