/** The client's half of NTLMv2 with a MIC ([MS-NLMP] §3.1.5.1), wrapped in SPNEGO. */
import { randomBytes } from 'node:crypto';
import {
  AV_FLAG_MIC,
  MSV_AV_FLAGS,
  MSV_AV_TIMESTAMP,
  readAvPairs,
  writeAvPairs,
} from '#plugins/protocol/smb/auth/av-pairs.ts';
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
} from '#plugins/protocol/smb/auth/ntlm-messages.ts';
import {
  exchanged,
  firstSignature,
  micOf,
  ntHashOf,
  proofOf,
  responseKey,
  sessionBaseKey,
} from '#plugins/protocol/smb/auth/ntlmv2.ts';
import {
  mechanismListDer,
  OID_NTLMSSP,
  readSpnego,
  writeInit,
  writeResp,
} from '#plugins/protocol/smb/auth/spnego.ts';

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

export class NtlmInitiator {
  readonly #user: string;
  readonly #password: string;
  readonly #negotiate = writeNegotiate({ flags: FLAGS });
  /** 16 bytes; known once there was a challenge. */
  sessionKey = Buffer.alloc(0);

  constructor(user: string, password: string) {
    this.#user = user;
    this.#password = password;
  }

  first(): Buffer {
    return writeInit([OID_NTLMSSP], this.#negotiate);
  }

  /** @param token What the server answered, in SPNEGO. */
  second(token: Buffer): Buffer {
    const challengeBytes = readSpnego(token).token;
    if (challengeBytes === undefined) throw new Error('SPNEGO: no challenge');
    const { serverChallenge, targetInfo, flags } = readChallenge(challengeBytes);
    const pairs = new Map(readAvPairs(targetInfo));
    const withMic = Buffer.alloc(4);
    withMic.writeUInt32LE(AV_FLAG_MIC);
    pairs.set(MSV_AV_FLAGS, withMic);
    const key = responseKey(ntHashOf(this.#password), this.#user, '');
    const blob = blobOf(pairs);
    const proof = proofOf(key, serverChallenge, blob);
    this.sessionKey = randomBytes(16);
    const authenticate = writeAuthenticate({
      flags: flags & FLAGS,
      lmResponse: Buffer.alloc(24),
      ntResponse: Buffer.concat([proof, blob]),
      domain: '',
      user: this.#user,
      workstation: 'TESTS',
      sessionKey: exchanged(sessionBaseKey(key, proof), this.sessionKey),
    });
    const mic = micOf(this.sessionKey, this.#negotiate, challengeBytes, authenticate);
    mic.copy(authenticate, MIC_OFFSET);
    // Over the list of mechanisms, so that nobody shortens it on the way (RFC 4178 §5).
    const list = mechanismListDer([OID_NTLMSSP]);
    const listMic = firstSignature('client', this.sessionKey, true, list);
    return writeResp({
      state: undefined,
      mechanism: undefined,
      token: authenticate,
      mic: listMic,
    });
  }
}

/** NTLMv2_CLIENT_CHALLENGE ([MS-NLMP] §2.2.2.7). */
function blobOf(pairs: ReadonlyMap<number, Buffer>): Buffer {
  const head = Buffer.alloc(28);
  head.writeUInt16LE(0x0101, 0);
  // The server's clock, which is the only one that it compares with.
  pairs.get(MSV_AV_TIMESTAMP)?.copy(head, 8);
  randomBytes(8).copy(head, 16);
  return Buffer.concat([head, writeAvPairs(pairs), Buffer.alloc(4)]);
}
