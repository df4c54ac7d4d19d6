import * as assert from 'uvu/assert';
import { DecodeError } from '#core/wire/reader.ts';
import { Acceptor } from '#plugins/protocol/smb/auth/acceptor.ts';
import { NtlmAcceptor } from '#plugins/protocol/smb/auth/ntlm-acceptor.ts';
import { NtlmInitiator } from '#plugins/protocol/smb/auth/ntlm-initiator.ts';
import { readSpnego } from '#plugins/protocol/smb/auth/spnego.ts';
import { negotiateWith } from '#plugins/protocol/smb/client/logon.ts';
import type { ClientSession } from '#plugins/protocol/smb/client/session.ts';
import type { AnyCommand } from '#plugins/protocol/smb/command.ts';
import { echo } from '#plugins/protocol/smb/commands/echo.ts';
import { commands } from '#plugins/protocol/smb/commands/index.ts';
import { validateNegotiate } from '#plugins/protocol/smb/negotiate/validate.ts';
import { HEADER_SIZE, readHeader } from '#plugins/protocol/smb/wire/header.ts';
import { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import {
  random as bytes,
  connected,
  guest,
  loggedOn,
  opened,
} from '../plugins/protocol/smb/guest.ts';
import { ANN, onSmbStage, type SmbStage, usersOf } from '../plugins/protocol/smb/stage.ts';
import { Seeded, seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { messageOf, type Sample, samples } from './smb-samples.ts';

const test = suite('fuzz/smb', { secondsMax: 60 });

const ROUNDS = 300;
/** Numbers that lengths, offsets and counts are most often wrong by. */
const ODD = [0, 1, 2, 3, 7, 8, 63, 64, 65, 255, 256, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** The same bytes with a few of them changed, cut off or added. `from` bytes at the front stay. */
function mutated(random: Seeded, original: Buffer, from = 0): Buffer {
  const copy = Buffer.from(original);
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const size = copy.length - from;
    if (size < 4) break;
    const at = from + random.below(size - 3);
    const kind = random.below(4);
    if (kind < 2) copy.writeUInt32LE(random.pick(ODD), at);
    else if (kind === 2) copy.writeUInt16LE(random.pick(ODD) & 0xffff, at);
    else copy.writeUInt8(random.below(256), at);
  }
  if (random.chance(4)) return copy.subarray(0, from + random.below(copy.length - from + 1));
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

function tortures(what: string, sample: Buffer, decode: (bytes: Buffer) => unknown): void {
  const seed = seedOf();
  const random = new Seeded(seed);
  for (let size = 0; size < sample.length; size += 1) {
    decodes(`${what}, cut at ${size}`, () => decode(sample.subarray(0, size)));
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const odd = mutated(random, sample);
    decodes(`${what}, seed ${seed}: ${odd.toString('hex')}`, () => decode(odd));
  }
}

const bodyOf = (message: Buffer): SmbReader =>
  new SmbReader(message, 0, Math.min(HEADER_SIZE, message.length));

test('requests of every command decode or are refused', () => {
  const seen = new Set<number>();
  for (const { command, args } of samples()) {
    seen.add(command.code);
    const message = messageOf(command, args, { messageId: 0n });
    // A sample that its own decoder refuses would test nothing.
    command.decode(bodyOf(message));
    tortures(command.name, message, (odd) => command.decode(bodyOf(odd)));
  }
  for (const code of Object.keys(commands))
    assert.ok(seen.has(Number(code)), `no sample of ${code}`);
});

test('headers decode or are refused', () => {
  const message = messageOf(echo as AnyCommand, null, { messageId: 5n });
  tortures('header', message, (odd) => readHeader(new SmbReader(odd)));
});

test('tokens of SPNEGO and NTLM decode or are refused', () => {
  const users = usersOf([ANN]);
  const deps = {
    find: (name: string) => users.find(name),
    random: bytes,
    now: () => ({ seconds: 0, nanoseconds: 0 }),
    serverName: 'SERVER',
  };
  const initiator = new NtlmInitiator({ user: 'ann', password: 'sesame' }, bytes);
  const first = initiator.first();
  tortures('NegTokenInit', first, readSpnego);
  tortures('first token', first, (odd) => new Acceptor(deps).step(odd));
  const acceptor = new Acceptor(deps);
  const step = acceptor.step(first);
  assert.is(step.kind, 'more');
  if (step.kind !== 'more') return;
  tortures('NegTokenResp', step.token, readSpnego);
  const last = initiator.next(step.token);
  tortures('last token', last, (odd) => acceptor.step(odd));
  assert.is(acceptor.step(last).kind, 'accepted');
  const inner = readSpnego(last).token as Buffer;
  const raw = new NtlmAcceptor(deps);
  const opening = readSpnego(first).token as Buffer;
  raw.challenge(opening);
  tortures('AUTHENTICATE', inner, (odd) => raw.authenticate(odd));
});

test('nested tokens do not exhaust the stack', () => {
  const deep = Buffer.alloc(60_000, 0x30);
  for (let at = 1; at < deep.length; at += 2) deep[at] = 0x80;
  decodes('deep', () => readSpnego(deep));
  const nested = Array.from({ length: 5000 }).reduce<Buffer>((inner) => {
    const head = Buffer.from([0x30, 0x82, 0, 0]);
    head.writeUInt16BE(Math.min(inner.length, 0xffff), 2);
    return inner.length > 60_000 ? inner : Buffer.concat([head, inner]);
  }, Buffer.alloc(0));
  decodes('nested', () => readSpnego(nested));
});

test('VALIDATE_NEGOTIATE_INFO decodes or is refused', () =>
  onSmbStage(async () => {
    const connection = { dialect: 0x0302, clientCapabilities: 0, clientGuid: '0'.repeat(32) };
    const sample = Buffer.alloc(30);
    sample.writeUInt16LE(3, 22);
    tortures('VALIDATE_NEGOTIATE_INFO', sample, (odd) =>
      validateNegotiate(connection as never, odd),
    );
  }));

test('a server answers any request, or closes the connection, and serves on', () =>
  onSmbStage(async (stage) => {
    const seed = seedOf();
    const random = new Seeded(seed);
    let session: ClientSession | undefined;
    let list: readonly Sample[] = [];
    let closed = 0;
    const rounds = 2500;
    for (let round = 0; round < rounds; round += 1) {
      // One that lost its files to an earlier round would be refused at sight.
      if (session === undefined || round % 100 === 0) {
        session?.client.close();
        const tree = await connected(stage, { signings: [2] });
        session = tree.session;
        const id = await opened(tree, round % 200 === 0 ? 'a file' : '');
        list = samples(id).filter(({ command }) => command.code > 4 && command.code !== 0x000c);
      }
      const { client } = session;
      const sample = list[round % list.length] as Sample;
      const facts = { messageId: client.nextMessageId, sessionId: session.id, treeId: 1 };
      const message = messageOf(sample.command, sample.args, facts);
      // Mostly the body: a wrong header is refused at sight.
      const odd = mutated(random, message, random.chance(5) ? 0 : HEADER_SIZE);
      if (odd.length >= HEADER_SIZE) client.keys.get(session.id)?.signer.sign(odd);
      client.sendUnasked(odd);
      if (await client.isAlive(session.id)) continue;
      closed += 1;
      session = undefined;
    }
    assert.equal(stage.errors, [], `seed ${seed}`);
    assert.ok(closed < rounds / 2, `seed ${seed}: most connections were closed`);
    await servesOn(stage);
  }));

test('a server before any session answers anything, or closes the connection', () =>
  onSmbStage(async (stage) => {
    const seed = seedOf();
    const random = new Seeded(seed);
    const list = samples();
    for (let round = 0; round < 600; round += 1) {
      const client = await guest(stage);
      const isGreeted = random.chance(2);
      if (isGreeted) await negotiateWith(client, { ciphers: [2] });
      const sample = list[random.below(list.length)] as (typeof list)[number];
      const facts = { messageId: client.nextMessageId, sessionId: random.chance(2) ? 0n : 5n };
      client.sendRaw(mutated(random, messageOf(sample.command, sample.args, facts)));
      if (round % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      client.close();
    }
    assert.equal(stage.errors, [], `seed ${seed}`);
    await servesOn(stage);
  }));

test('streams of noise end their connection, and memory stays bounded', () =>
  onSmbStage(async (stage) => {
    const random = new Seeded(seedOf());
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 60; round += 1) {
      const clients = await Promise.all(Array.from({ length: 5 }, () => guest(stage)));
      for (const client of clients) {
        const noise = Buffer.from(Array.from({ length: 400 }, () => random.below(256)));
        client.sendRaw(noise);
        if (random.chance(2)) client.close();
      }
      await Promise.all(clients.map(({ closedBy }) => closedBy));
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 100 * 1024 * 1024, `${grown} bytes`);
    await servesOn(stage);
  }));

async function servesOn(stage: SmbStage): Promise<void> {
  const session = await loggedOn(stage);
  assert.is((await session.ask(echo, null)).status, 0);
}
