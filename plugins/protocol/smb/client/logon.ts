/** From a connection to a session: NEGOTIATE and SESSION_SETUP as clients of Windows do them ([MS-SMB2] §3.2.4.2). */
import { type Credentials, NtlmInitiator } from '../auth/ntlm-initiator.ts';
import { type NegotiateResponse, negotiate } from '../commands/negotiate.ts';
import { sessionSetup } from '../commands/session-setup.ts';
import type { Dialect } from '../connection-state.ts';
import { type CipherId, isCipherId } from '../crypto/encryption.ts';
import { PREAUTH_SHA512, preauth } from '../crypto/preauth.ts';
import type { SigningAlgorithm } from '../crypto/signing.ts';
import {
  readList,
  SMB2_ENCRYPTION_CAPABILITIES,
  SMB2_SIGNING_CAPABILITIES,
  writeList,
  writePreauth,
} from '../negotiate/contexts.ts';
import { selectByDialect } from '../negotiate/select.ts';
import { STATUS_MORE_PROCESSING_REQUIRED, STATUS_SUCCESS } from '../status.ts';
import { clientKeys } from './keys.ts';
import { type Reply, request } from './reply.ts';
import { ClientSession } from './session.ts';
import type { SmbClient } from './smb-client.ts';

export interface NegotiateOptions {
  readonly dialects?: readonly Dialect[];
  readonly ciphers?: readonly CipherId[];
  readonly signings?: readonly SigningAlgorithm[];
  readonly securityMode?: number;
  readonly capabilities?: number;
}

/** LEASING, LARGE_MTU, DIRECTORY_LEASING, ENCRYPTION, DFS: what Windows says. */
const CAPABILITIES = 0x67;
const SIGNING_ENABLED = 1;

export async function negotiateWith(
  client: SmbClient,
  options: NegotiateOptions = {},
): Promise<Reply<NegotiateResponse>> {
  const { dialects = [0x0202, 0x0210, 0x0300, 0x0302, 0x0311] } = options;
  const { ciphers = [2, 1, 4, 3], signings = [2, 1, 0] } = options;
  const contexts = [
    writePreauth({ hashes: [PREAUTH_SHA512], salt: client.random.bytes(32) }),
    ...(ciphers.length > 0 ? [writeList(SMB2_ENCRYPTION_CAPABILITIES, ciphers)] : []),
    ...(signings.length > 0 ? [writeList(SMB2_SIGNING_CAPABILITIES, signings)] : []),
  ];
  const { reply } = client.send<NegotiateResponse>(
    request(negotiate, {
      securityMode: options.securityMode ?? SIGNING_ENABLED,
      capabilities: options.capabilities ?? CAPABILITIES,
      clientGuid: Buffer.from(client.clientGuid, 'hex'),
      dialects,
      contexts: dialects.includes(0x0311) ? contexts : [],
    }),
  );
  const sent = client.lastRequest;
  const got = await reply;
  const { answer } = got;
  if (answer === undefined) return got;
  client.dialect = answer.dialect as Dialect;
  if (client.dialect === 0x0311) {
    client.hash(sent);
    client.hash(client.lastResponse);
    takeContexts(client, answer);
  } else {
    const encrypts = (answer.capabilities & 0x40) !== 0;
    const { cipher, signing } = selectByDialect(client.dialect as Dialect, encrypts);
    client.cipher = cipher;
    client.signing = signing;
  }
  return got;
}

function takeContexts(client: SmbClient, answer: NegotiateResponse): void {
  const first = (type: number): number | undefined => {
    const context = answer.contexts.find((one) => one.type === type);
    return context && readList(context.data)[0];
  };
  const cipher = first(SMB2_ENCRYPTION_CAPABILITIES);
  client.cipher = cipher !== undefined && isCipherId(cipher) ? cipher : undefined;
  client.signing = (first(SMB2_SIGNING_CAPABILITIES) ?? 1) as SigningAlgorithm;
}

export interface LogonOptions {
  readonly previousSessionId?: bigint;
  /** Authenticates again. */
  readonly session?: ClientSession;
}

/** A status where the server refuses. */
export async function logon(
  client: SmbClient,
  credentials: Credentials,
  options: LogonOptions = {},
): Promise<ClientSession | number> {
  const initiator = new NtlmInitiator(credentials, client.random);
  const { session: again, previousSessionId = 0n } = options;
  let { preauthHash } = client;
  let sessionId = again?.id ?? 0n;
  let token = initiator.first();
  for (;;) {
    const ask = request(
      sessionSetup,
      { flags: 0, securityMode: SIGNING_ENABLED, capabilities: 0, previousSessionId, token },
      { sessionId },
    );
    const [ticket] = client.compound([ask], again?.seals === true);
    preauthHash = preauth(preauthHash, client.lastRequest);
    const reply = await (ticket as NonNullable<typeof ticket>).reply;
    const answer = reply.answer as { readonly flags: number; readonly token: Buffer } | undefined;
    if (reply.status === STATUS_MORE_PROCESSING_REQUIRED && answer !== undefined) {
      preauthHash = preauth(preauthHash, client.lastResponse);
      sessionId = reply.header.sessionId;
      token = initiator.next(answer.token);
      continue;
    }
    if (reply.status !== STATUS_SUCCESS || answer === undefined) return reply.status;
    if (again !== undefined) return again;
    const { dialect, cipher, signing } = client;
    const { sessionKey } = initiator;
    const facts = {
      dialect: dialect as Dialect,
      cipher,
      signing,
      sessionKey,
      preauthHash,
      sessionId,
    };
    const keys = clientKeys(facts);
    if (!keys.signer.verifies(client.lastResponse)) {
      throw new Error('SESSION_SETUP: the last response is not signed with the key agreed on');
    }
    client.keys.set(sessionId, keys);
    return new ClientSession(client, sessionId, (answer.flags & 4) !== 0);
  }
}
