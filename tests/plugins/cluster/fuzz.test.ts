/**
 * What a peer sends may be anything: whatever stands on a channel is answered, dropped or ends the connection, and
 * the box goes on. One thing is left out: an entry that is whole and says what cannot be (a name in no directory) shows
 * that the boxes' trees differ, which is a broken invariant and may end the process.
 */
import * as assert from 'uvu/assert';
import type { Entry, Position, View } from '#core/group/entry.ts';
import { CHANNEL, FRAME_SIZE_MAX } from '#core/group/link.ts';
import {
  type Append,
  encodeAppendHead,
  encodeMessage,
  type Message,
} from '#core/group/messages.ts';
import { encodeRecords, sendParts } from '#core/group/record.ts';
import { encodeRegisterMessage } from '#core/group/register-message.ts';
import { encodeRegistryChange } from '#core/group/registry-change.ts';
import { FETCH_SIZE_MAX } from '#core/limits.ts';
import { SILENT } from '#core/log-line.ts';
import type { InstantMs } from '#core/ports/clock.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import {
  link,
  operationOf,
  remove,
  removeDirectory,
  rename,
  setAttributes,
  write,
} from '#core/volume/operations.ts';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { Gateway } from '#plugins/cluster/arbiter/gateway/gateway.ts';
import { WitnessServer } from '#plugins/cluster/arbiter/witness/server.ts';
import { Witness } from '#plugins/cluster/arbiter/witness/witness.ts';
import { encodeHello } from '#plugins/cluster/link/hello.ts';
import { Session } from '#plugins/cluster/link/session.ts';
import { Fixture, type Recorded, recordOf } from '../../core/volume/fixture.ts';
import { damaged, noise, oddJson } from '../../support/garbage.ts';
import { Seeded, seedOf } from '../../support/seeded.ts';
import { suite } from '../../support/suite.ts';
import { FakeClock, settle } from './support/fake-clock.ts';
import { FakeDisk } from './support/fake-disk.ts';
import { FakeConnection, FakeNet } from './support/fake-net.ts';
import { FuzzedBox, PEER, SELF } from './support/fuzzed-box.ts';
import { LoneLink } from './support/lone-link.ts';

const test = suite('cluster/fuzz', { secondsMax: 30 });
const seed = seedOf();
process.stdout.write(`cluster/fuzz: SEED=${seed}\n`);

const EPISODES = 60;
const FRAMES = 60;
const at = (position: number) => position as Position;
const view = (number: number) => number as View;

for (const role of ['backup', 'primary'] as const) {
  test(`a ${role} takes any frame on the channels of group and requests`, async () => {
    const random = new Seeded(seed);
    for (let episode = 0; episode < EPISODES; episode += 1) {
      const box = await FuzzedBox.start(role);
      try {
        if (role === 'backup') box.link.deliver(PEER, CHANNEL.group, welcomeFrame(box));
        for (let count = 0; count < FRAMES; count += 1) {
          await sendOne(random, box);
        }
        await box.stop();
      } catch (cause) {
        throw new Error(`SEED=${seed}, episode ${episode}: ${(cause as Error).message}`, { cause });
      }
    }
  });
}

/** What the box waits for: the group has nothing yet. */
function welcomeFrame(box: FuzzedBox): Buffer {
  const nonce = box.lastSent('join')?.nonce ?? 0;
  const welcome = {
    kind: 'welcome',
    view: view(1),
    nonce,
    end: at(0),
    sure: at(0),
    runs: [],
  } as const;
  return Buffer.concat(encodeMessage(welcome));
}

async function sendOne(random: Seeded, box: FuzzedBox): Promise<void> {
  if (random.chance(3)) {
    const question = { id: 1 + random.below(5), ...random.pick(QUESTIONS) };
    box.link.deliver(PEER, CHANNEL.request, oddJson(random, question));
  } else {
    const frame = random.chance(2) ? appendFrame(random, box) : messageFrame(random, box);
    box.link.deliver(PEER, CHANNEL.group, random.chance(3) ? damaged(random, frame) : frame);
  }
  if (random.chance(60)) {
    box.link.down(PEER, random.chance(2));
    box.link.up(PEER);
  }
  if (random.chance(4)) await box.clock.pass(random.below(60));
}

const QUESTIONS: readonly object[] = [
  { method: 'sync', params: { volume: 1, file: 2 } },
  { method: 'prepare', params: { backend: 'fake', path: '/x', volume: 1, name: 'files' } },
  { method: 'control', params: { method: 'move', params: { to: SELF } } },
  {
    method: 'control',
    params: { method: 'volume.create', params: { name: 'v', backends: { a: 'fake', b: 'fake' } } },
  },
  { method: 'control', params: { method: 'export.remove', params: { path: '/files' } } },
  { method: 'status', params: null },
  { result: { nameSizeMax: 1, fileSizeMax: 2, symlinkSizeMax: 3, linksMax: 4 } },
  { error: 'no' },
];

/** A message that may well be the one that this box waits for. */
function messageFrame(random: Seeded, box: FuzzedBox): Buffer {
  const nonce = box.lastSent('join')?.nonce ?? 1;
  const some = { view: view(1 + random.below(2)), session: nonce, nonce };
  const configuration = {
    view: view(1 + random.below(4)),
    primary: random.pick([SELF, PEER]),
    inSync: random.pick([[SELF], [PEER], [SELF, PEER].sort()]),
  };
  const extent = {
    volume: random.below(9),
    file: random.below(3),
    offset: random.pick([0, 2 ** 52]),
    size: random.pick([0, 1, FETCH_SIZE_MAX, FRAME_SIZE_MAX / 2]),
  };
  const position = () => at(random.pick([0, 1, 2, 3, 2 ** 40]));
  const messages: readonly Exclude<Message, Append>[] = [
    {
      kind: 'acknowledge',
      ...some,
      received: position(),
      durable: position(),
      committed: position(),
      sentAt: random.pick([0, 1, 1e9]) as InstantMs,
      gap: random.chance(2),
      whole: random.chance(2),
    },
    { kind: 'join', ...some, applied: position(), appliedView: some.view, last: position() },
    {
      kind: 'welcome',
      ...some,
      end: position(),
      sure: position(),
      runs: [{ from: position(), view: some.view }],
    },
    { kind: 'reject', ...some, reason: 'so' },
    { kind: 'again', view: some.view },
    { kind: 'configure', configuration },
    { kind: 'handover', configuration },
    { kind: 'withdraw', view: some.view, reason: 'so' },
    { kind: 'fetch', ...some, extent },
    { kind: 'content', ...some, extent, data: noise(random) },
    { kind: 'ask' },
    {
      kind: 'tell',
      role: 'primary',
      view: some.view,
      lastView: some.view,
      last: position(),
      lacks: random.chance(2),
    },
  ];
  // What ends the part that this box plays.
  const rare = new Set(['again', 'reject', 'withdraw', 'configure', 'handover']);
  const message = random.pick(messages);
  if (rare.has(message.kind) && !random.chance(20)) return messageFrame(random, box);
  return Buffer.concat(encodeMessage(message));
}

const NOTHING_SENT = { received: at(0), committed: at(0) };

/** Entries that follow on what this box has; half of them with a body that is none. */
function appendFrame(random: Seeded, box: FuzzedBox): Buffer {
  const { received: staged, committed } = box.lastSent('acknowledge') ?? NOTHING_SENT;
  const previous = random.chance(4) ? at(random.below(4)) : staged;
  const entries: Entry[] = [];
  for (let count = random.below(3); count > 0; count -= 1) {
    const data = random.chance(3) ? noise(random) : undefined;
    entries.push({
      position: at(previous + entries.length + 1),
      view: view(1),
      commit: random.chance(20) ? at(previous + 5) : random.pick([committed, previous]),
      time: { seconds: 1, nanoseconds: 0 },
      stable: random.chance(2),
      body: random.chance(20) ? noise(random) : bodyOf(random),
      data,
      dataSize: data?.length ?? 0,
    });
  }
  const parts = [
    encodeAppendHead({
      kind: 'append',
      view: view(1),
      sentAt: 1 as InstantMs,
      commit: random.pick([committed, previous, at(2 ** 40)]),
      previous,
      previousView: view(previous === 0 ? 0 : 1),
    }),
  ];
  for (const record of encodeRecords(entries, box.disk)) sendParts(parts, record);
  return Buffer.concat(parts);
}

const CHANGE = {
  kind: 'put-volume',
  record: { ...recordOf(), members: { [SELF]: { backend: 'fake', path: '' } } },
} as const;

/** Nothing, or a volume. */
function bodyOf(random: Seeded): Buffer {
  const to = new Writer(2048);
  if (random.chance(2)) {
    to.u8(0);
  } else {
    const json = random.chance(10) ? oddJson(random, CHANGE) : encodeRegistryChange(CHANGE);
    const bytes = json.subarray(0, 1024);
    to.u8(1);
    to.u32(0);
    to.u8(0);
    to.u32(bytes.length);
    to.raw(bytes);
  }
  to.u8(0);
  return Buffer.from(to.finish());
}

test('a change of any kind is decoded or refused as malformed', () => {
  const random = new Seeded(seed);
  const samples = changes();
  for (let round = 0; round < 20_000; round += 1) {
    const { code, bytes } = random.pick(samples);
    try {
      operationOf(code)?.decode(new Reader(damaged(random, bytes)));
    } catch (error) {
      assert.instance(error, DecodeError, `SEED=${seed}: ${(error as Error).stack}`);
    }
  }
});

/** One of each operation, as an entry carries it. */
function changes(): readonly Recorded[] {
  const fixture = new Fixture();
  const file = fixture.made('file');
  const place = { directory: ROOT_ID, name: 'file' };
  fixture.folder('folder');
  fixture.run(write, { file, offset: 0, size: 1 }, { data: Buffer.from('x') });
  fixture.run(setAttributes, { file, set: { ...SET_NOTHING, mode: 0o600 }, guard: undefined });
  fixture.run(link, { file, directory: ROOT_ID, name: 'link' });
  fixture.run(rename, { source: place, target: { directory: ROOT_ID, name: 'link' } });
  fixture.run(rename, { source: place, target: { directory: ROOT_ID, name: 'other' } });
  fixture.run(remove, { directory: ROOT_ID, name: 'link' });
  fixture.run(removeDirectory, { directory: ROOT_ID, name: 'folder' });
  assert.is(new Set(fixture.log.map(({ code }) => code)).size, 7);
  return fixture.log;
}

const MAIN = 'main';
const held = { view: view(1), primary: PEER, inSync: [PEER, SELF].sort() };
const REGISTER_MESSAGES = [
  { kind: 'read', id: 1, group: MAIN },
  { kind: 'propose', id: 2, group: MAIN, configuration: held },
  { kind: 'answer', id: 3, answer: { kind: 'accepted', configuration: held } },
  { kind: 'answer', id: 3, answer: { kind: 'unreachable', reason: 'so' } },
  { kind: 'told', group: MAIN, configuration: held },
] as const;

test('witness, gateway and those who ask them take any frame', async () => {
  const random = new Seeded(seed);
  const clock = new FakeClock();
  const options = { group: MAIN, adopts: true };
  const links = [0, 1, 2].map(() => new LoneLink(SELF, [PEER])) as [LoneLink, LoneLink, LoneLink];
  const witnessDisk = new FakeDisk();
  new WitnessServer(links[0], witnessDisk, SILENT, options);
  const witness = new Witness(links[1], clock, { peer: PEER, group: MAIN, answerMsMax: 100 });
  const gateway = new Gateway(
    { ...options, partner: PEER, references: [], overrides: false },
    {
      link: links[2],
      disk: new FakeDisk(),
      net: new FakeNet(),
      clock,
      log: SILENT,
      isDefended: async () => false,
    },
  );
  for (const link of links) link.up(PEER);
  for (let round = 0; round < 3000; round += 1) {
    if (round % 20 === 0) {
      void witness.read();
      void gateway.read();
      await clock.pass(10);
    }
    const message = random.pick(REGISTER_MESSAGES);
    const frame = random.chance(5) ? encodeRegisterMessage(message) : oddJson(random, message);
    for (const link of links) link.deliver(PEER, CHANNEL.witness, frame);
  }
  gateway.stop();
  await settle();
  assert.ok(witnessDisk.files.size <= 64, `${witnessDisk.files.size} groups`);
});

test('bytes of any kind on a connection are read or end it, in bounded memory', async () => {
  const random = new Seeded(seed);
  for (let round = 0; round < 400; round += 1) {
    const connection = new FakeConnection(new FakeNet(), '');
    let closed = '';
    let strangers = 0;
    const own = { cluster: 'home', name: SELF };
    const session: Session = new Session(
      connection,
      own,
      { cluster: 'home', name: PEER },
      {
        used() {},
        greeted() {},
        frame: () => {
          if (!session.greeted) strangers += 1;
        },
        closed: (_session, _byPeer, reason) => (closed = reason),
      },
    );
    connection.receiver = session;
    const hello = frameOf(0, encodeHello({ cluster: 'home', name: PEER }));
    connection.arrive(random.chance(2) ? hello : damaged(random, hello));
    // What is missing of a hello that was cut off, later bytes may complete.
    for (let count = random.below(8); count > 0 && connection.isOpen; count -= 1) {
      const frame = frameOf(random.below(5), noise(random));
      connection.arrive(random.chance(2) ? frame : damaged(random, frame));
    }
    await settle();
    assert.is(strangers, 0, `SEED=${seed}: a frame of a stranger`);
    assert.ok(session.room().length <= FRAME_SIZE_MAX + 5, `SEED=${seed}`);
    connection.kill(undefined);
    await settle();
    assert.is.not(closed, '');
  }
});

function frameOf(channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length);
  head.writeUInt8(channel, 4);
  return Buffer.concat([head, payload]);
}
