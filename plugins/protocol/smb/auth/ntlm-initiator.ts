/** The client's side of NTLMv2 in SPNEGO ([MS-NLMP] §3.1.5.1): for the clients of the tests. */
import type { Random } from '#core/ports/random.ts';
import { DecodeError } from '#core/wire/reader.ts';
import {
  AV_FLAG_MIC,
  MSV_AV_FLAGS,
  MSV_AV_TIMESTAMP,
  readAvPairs,
  writeAvPairs,
} from './av-pairs.ts';
import {
  MIC_OFFSET,
  NTLMSSP_NEGOTIATE_128,
  NTLMSSP_NEGOTIATE_ALWAYS_SIGN,
  NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY,
  NTLMSSP_NEGOTIATE_KEY_EXCH,
  NTLMSSP_NEGOTIATE_NTLM,
  NTLMSSP_NEGOTIATE_SIGN,
  NTLMSSP_NEGOTIATE_TARGET_INFO,
  NTLMSSP_NEGOTIATE_UNICODE,
  NTLMSSP_NEGOTIATE_VERSION,
  NTLMSSP_REQUEST_TARGET,
  readChallenge,
  writeAuthenticate,
  writeNegotiate,
} from './ntlm-messages.ts';
import {
  exchanged,
  firstSignature,
  micOf,
  ntHashOf,
  proofOf,
  responseKey,
  sessionBaseKey,
} from './ntlmv2.ts';
import { mechanismListDer, OID_NTLMSSP, readSpnego, writeInit, writeResp } from './spnego.ts';

const FLAGS =
  NTLMSSP_NEGOTIATE_UNICODE |
  NTLMSSP_REQUEST_TARGET |
  NTLMSSP_NEGOTIATE_SIGN |
  NTLMSSP_NEGOTIATE_NTLM |
  NTLMSSP_NEGOTIATE_ALWAYS_SIGN |
  NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY |
  NTLMSSP_NEGOTIATE_TARGET_INFO |
  NTLMSSP_NEGOTIATE_VERSION |
  NTLMSSP_NEGOTIATE_128 |
  NTLMSSP_NEGOTIATE_KEY_EXCH;

export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly domain?: string;
}

export class NtlmInitiator {
  readonly #mechanisms: readonly string[];
  readonly #credentials: Credentials;
  readonly #random: Random;
  readonly #negotiate = writeNegotiate({ flags: FLAGS });
  /** 16 bytes, once the challenge was answered. */
  sessionKey: Buffer = Buffer.alloc(0);

  /** @param mechanisms The list that it vouches for, as it was sent. */
  constructor(credentials: Credentials, random: Random, mechanisms = [OID_NTLMSSP]) {
    this.#mechanisms = mechanisms;
    this.#credentials = credentials;
    this.#random = random;
  }

  first(): Buffer {
    return writeInit(this.#mechanisms, this.#negotiate);
  }

  /** The answer to the server's token. */
  next(token: Buffer): Buffer {
    const message = readSpnego(token);
    if (message.kind !== 'resp' || message.token === undefined) {
      throw new DecodeError('SPNEGO: the server sent no challenge');
    }
    const answer = this.#authenticate(message.token);
    const mic = firstSignature('client', this.sessionKey, true, mechanismListDer(this.#mechanisms));
    return writeResp({ state: undefined, mechanism: undefined, token: answer, mic });
  }

  #authenticate(challengeMessage: Buffer): Buffer {
    const { user, password, domain = '' } = this.#credentials;
    const challenge = readChallenge(challengeMessage);
    const flag = Buffer.alloc(4);
    flag.writeUInt32LE(AV_FLAG_MIC);
    const pairs = new Map([...readAvPairs(challenge.targetInfo), [MSV_AV_FLAGS, flag] as const]);
    const time = pairs.get(MSV_AV_TIMESTAMP) ?? Buffer.alloc(8);
    const clientChallenge = this.#random.bytes(8);
    const blob = Buffer.concat([
      Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
      time,
      clientChallenge,
      Buffer.alloc(4),
      writeAvPairs(pairs),
      Buffer.alloc(4),
    ]);
    const key = responseKey(ntHashOf(password), user, domain);
    const proof = proofOf(key, challenge.serverChallenge, blob);
    this.sessionKey = this.#random.bytes(16);
    const token = writeAuthenticate({
      flags: challenge.flags,
      lmResponse: Buffer.alloc(24),
      ntResponse: Buffer.concat([proof, blob]),
      domain,
      user,
      workstation: 'TEST',
      sessionKey: exchanged(sessionBaseKey(key, proof), this.sessionKey),
    });
    micOf(this.sessionKey, this.#negotiate, challengeMessage, token).copy(token, MIC_OFFSET);
    return token;
  }
}
