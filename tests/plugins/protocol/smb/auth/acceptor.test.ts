import * as assert from 'uvu/assert';
import { createRandom } from '#plugins/host/random.ts';
import { Acceptor, type AuthStep } from '#plugins/protocol/smb/auth/acceptor.ts';
import type { Account } from '#plugins/protocol/smb/auth/ntlm-acceptor.ts';
import { type Credentials, NtlmInitiator } from '#plugins/protocol/smb/auth/ntlm-initiator.ts';
import { MIC_OFFSET } from '#plugins/protocol/smb/auth/ntlm-messages.ts';
import {
  exchanged,
  ntHashOf,
  proofOf,
  responseKey,
  sessionBaseKey,
} from '#plugins/protocol/smb/auth/ntlmv2.ts';
import {
  mechanismListDer,
  OID_KERBEROS,
  OID_NTLMSSP,
  REQUEST_MIC,
  readSpnego,
  writeInit,
  writeResp,
} from '#plugins/protocol/smb/auth/spnego.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('smb/auth/acceptor');

const random = createRandom();
const ANN = { user: 'ann', password: 'sesame' };

function acceptor(): Acceptor<Account> {
  return new Acceptor<Account>({
    find: (name) => (name === 'ann' ? { ntHash: ntHashOf('sesame'), disabled: false } : undefined),
    random,
    now: () => ({ seconds: 1_700_000_000, nanoseconds: 0 }),
    serverName: 'SERVER',
  });
}

const tokenOf = (step: AuthStep<Account>): Buffer => {
  assert.is(step.kind, 'more');
  return step.kind === 'more' ? step.token : Buffer.alloc(0);
};

function accepted(step: AuthStep<Account>): Extract<AuthStep<Account>, { kind: 'accepted' }> {
  if (step.kind !== 'accepted') throw new Error(`is ${step.kind}`);
  return step;
}

const inner = (token: Buffer): Buffer => readSpnego(token).token as Buffer;

test('SPNEGO with NTLM first: both sides have one key, and vouch for the list', () => {
  const server = acceptor();
  const client = new NtlmInitiator(ANN, random);
  const last = server.step(client.next(tokenOf(server.step(client.first()))));
  const { sessionKey, token } = accepted(last);
  assert.equal(sessionKey, client.sessionKey);
  assert.is(readSpnego(token).mic?.length, 16);
});

test('NTLM without SPNEGO', () => {
  const server = acceptor();
  const client = new NtlmInitiator(ANN, random);
  const challenge = tokenOf(server.step(inner(client.first())));
  const wrapped = writeResp({ state: 1, mechanism: OID_NTLMSSP, token: challenge, mic: undefined });
  const { sessionKey, token } = accepted(server.step(inner(client.next(wrapped))));
  assert.equal(sessionKey, client.sessionKey);
  assert.is(token.length, 0);
});

test('a client that would rather have Kerberos must vouch for its list', () => {
  const lists = [OID_KERBEROS, OID_NTLMSSP];
  for (const vouches of [false, true]) {
    const server = acceptor();
    const client = new NtlmInitiator(ANN, random, lists);
    const asked = readSpnego(tokenOf(server.step(writeInit(lists, Buffer.from('ticket')))));
    assert.is(asked.kind === 'resp' && asked.state, REQUEST_MIC);
    assert.is(asked.kind === 'resp' && asked.mechanism, OID_NTLMSSP);
    const opening = inner(client.first());
    const respond = (token: Buffer, mic?: Buffer): Buffer =>
      writeResp({ state: undefined, mechanism: undefined, token, mic });
    const challenge = tokenOf(server.step(respond(opening)));
    const answer = client.next(challenge);
    const step = server.step(vouches ? answer : respond(inner(answer)));
    assert.is(step.kind, vouches ? 'accepted' : 'refused');
  }
});

test('mechanisms that are not ours are refused, and so are lists that were changed', () => {
  assert.is(acceptor().step(writeInit([OID_KERBEROS], Buffer.from('x'))).kind, 'refused');
  const server = acceptor();
  const client = new NtlmInitiator(ANN, random);
  // The list that the client vouches for is not the one that arrived.
  const changed = writeInit([OID_NTLMSSP, OID_KERBEROS], inner(client.first()));
  const step = server.step(client.next(tokenOf(server.step(changed))));
  assert.is(step.kind, 'refused');
  assert.ok(mechanismListDer([OID_NTLMSSP]).length > 0);
});

function withoutMic(credentials: Credentials, guess: string): AuthStep<Account> {
  const server = acceptor();
  const client = new NtlmInitiator({ ...credentials, password: guess }, random);
  const token = client.next(tokenOf(server.step(client.first())));
  return server.step(token);
}

test('a wrong password is refused by its proof alone', () => {
  assert.is(withoutMic(ANN, 'wrong').kind, 'refused');
  // What follows holds whoever checks it: another hash, another proof, another key.
  const keys = ['sesame', 'wrong'].map((password) => responseKey(ntHashOf(password), 'ann', ''));
  const [right, wrong] = keys as [Buffer, Buffer];
  const challenge = Buffer.alloc(8, 1);
  const proof = proofOf(right, challenge, Buffer.alloc(40));
  assert.not.equal(proof, proofOf(wrong, challenge, Buffer.alloc(40)));
  assert.not.equal(sessionBaseKey(right, proof), sessionBaseKey(wrong, proof));
  assert.equal(exchanged(right, exchanged(right, challenge)), challenge);
});

test('a message that was changed on the way is refused by its MIC', () => {
  const server = acceptor();
  const client = new NtlmInitiator(ANN, random);
  const answer = client.next(tokenOf(server.step(client.first())));
  const odd = Buffer.from(answer);
  const at = odd.indexOf(inner(answer)) + MIC_OFFSET;
  odd[at] = (odd[at] as number) ^ 1;
  assert.throws(() => server.step(odd), /not those that were sent/);
});

test('AUTHENTICATE without a challenge is malformed', () => {
  const client = new NtlmInitiator(ANN, random);
  const token = tokenOf(acceptor().step(client.first()));
  const answer = client.next(token);
  assert.throws(() => acceptor().step(answer), /SPNEGO/);
  assert.throws(() => acceptor().step(inner(answer)), /does not follow/);
});
