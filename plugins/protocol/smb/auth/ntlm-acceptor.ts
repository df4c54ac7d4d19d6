/** The server's side of one NTLMv2 authentication ([MS-NLMP] §3.2.5.1). */
import { timingSafeEqual } from 'node:crypto';
import type { Time } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { filetimeOf } from '../info/filetime.ts';
import {
  AV_FLAG_MIC,
  type AvPairs,
  MSV_AV_DNS_COMPUTER_NAME,
  MSV_AV_DNS_DOMAIN_NAME,
  MSV_AV_FLAGS,
  MSV_AV_NB_COMPUTER_NAME,
  MSV_AV_NB_DOMAIN_NAME,
  MSV_AV_TIMESTAMP,
  readAvPairs,
  writeAvPairs,
} from './av-pairs.ts';
import {
  type AuthenticateMessage,
  MIC_OFFSET,
  MIC_SIZE,
  messageType,
  NTLMSSP_ANONYMOUS,
  NTLMSSP_NEGOTIATE_56,
  NTLMSSP_NEGOTIATE_128,
  NTLMSSP_NEGOTIATE_ALWAYS_SIGN,
  NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY,
  NTLMSSP_NEGOTIATE_KEY_EXCH,
  NTLMSSP_NEGOTIATE_NTLM,
  NTLMSSP_NEGOTIATE_SEAL,
  NTLMSSP_NEGOTIATE_SIGN,
  NTLMSSP_NEGOTIATE_TARGET_INFO,
  NTLMSSP_NEGOTIATE_UNICODE,
  NTLMSSP_NEGOTIATE_VERSION,
  NTLMSSP_REQUEST_TARGET,
  NTLMSSP_TARGET_TYPE_SERVER,
  readAuthenticate,
  readNegotiate,
  writeChallenge,
} from './ntlm-messages.ts';
import { exchanged, micOf, PROOF_SIZE, proofOf, responseKey, sessionBaseKey } from './ntlmv2.ts';

/** Bytes of the response before its AV pairs (§2.2.2.7): the proof, versions, time, the client's challenge. */
const BLOB_HEAD_SIZE = 28;
/** Bytes of a NEGOTIATE: 40, and two names of 255 letters. */
const NEGOTIATE_SIZE_MAX = 2048;
/** What the client may have of what it asks for. */
const GRANTABLE =
  NTLMSSP_NEGOTIATE_SIGN |
  NTLMSSP_NEGOTIATE_SEAL |
  NTLMSSP_NEGOTIATE_ALWAYS_SIGN |
  NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY |
  NTLMSSP_NEGOTIATE_VERSION |
  NTLMSSP_NEGOTIATE_128 |
  NTLMSSP_NEGOTIATE_56 |
  NTLMSSP_NEGOTIATE_KEY_EXCH;
const ALWAYS =
  NTLMSSP_NEGOTIATE_UNICODE |
  NTLMSSP_REQUEST_TARGET |
  NTLMSSP_NEGOTIATE_NTLM |
  NTLMSSP_TARGET_TYPE_SERVER |
  NTLMSSP_NEGOTIATE_TARGET_INFO;

/** Who an account is, as far as its password goes. */
export interface Account {
  /** 16 bytes. */
  readonly ntHash: Buffer;
  readonly disabled: boolean;
}

export interface AcceptorDependencies<Found extends Account> {
  find(name: string): Found | undefined;
  readonly random: Random;
  readonly now: () => Time;
  /** The same on every box. */
  readonly serverName: string;
}

export type NtlmOutcome<Found> =
  | {
      readonly kind: 'accepted';
      readonly account: Found;
      readonly sessionKey: Buffer;
      readonly keyExchange: boolean;
    }
  | { readonly kind: 'refused'; readonly why: 'anonymous' | 'disabled' | 'wrong' };

export class NtlmAcceptor<Found extends Account> {
  readonly #deps: AcceptorDependencies<Found>;
  readonly #serverChallenge: Buffer;
  #negotiate: Buffer | undefined;
  #challenge: Buffer | undefined;

  constructor(deps: AcceptorDependencies<Found>) {
    this.#deps = deps;
    this.#serverChallenge = Buffer.from(deps.random.bytes(8));
  }

  /** The CHALLENGE to a NEGOTIATE. */
  challenge(token: Buffer): Buffer {
    // It is kept until the user is known: names of a domain and a machine are all that it may carry.
    if (token.length > NEGOTIATE_SIZE_MAX) {
      throw new DecodeError(`NTLM NEGOTIATE: ${token.length} bytes, at most ${NEGOTIATE_SIZE_MAX}`);
    }
    const { flags } = readNegotiate(token);
    this.#negotiate = Buffer.from(token);
    this.#challenge = writeChallenge({
      flags: ALWAYS | (flags & GRANTABLE),
      serverChallenge: this.#serverChallenge,
      targetName: this.#deps.serverName,
      targetInfo: writeAvPairs(this.#targetInfo()),
    });
    return this.#challenge;
  }

  get isChallenged(): boolean {
    return this.#challenge !== undefined;
  }

  authenticate(token: Buffer): NtlmOutcome<Found> {
    if (
      messageType(token) !== 3 ||
      this.#negotiate === undefined ||
      this.#challenge === undefined
    ) {
      throw new DecodeError('NTLM: AUTHENTICATE does not follow a challenge');
    }
    const message = readAuthenticate(token);
    if (message.user === '' || (message.flags & NTLMSSP_ANONYMOUS) !== 0) {
      return { kind: 'refused', why: 'anonymous' };
    }
    const account = this.#deps.find(message.user);
    // For an unknown user the same is computed with a hash that nobody has, so that it takes as long.
    const ntHash = account?.ntHash ?? this.#deps.random.bytes(16);
    const sessionKey = this.#sessionKey(message, ntHash);
    if (account === undefined || sessionKey === undefined) return { kind: 'refused', why: 'wrong' };
    if (!this.#hasMic(message, token, sessionKey)) {
      throw new DecodeError('NTLM: the messages are not those that were sent');
    }
    if (account.disabled) return { kind: 'refused', why: 'disabled' };
    const keyExchange = (message.flags & NTLMSSP_NEGOTIATE_KEY_EXCH) !== 0;
    return { kind: 'accepted', account, sessionKey, keyExchange };
  }

  /** 16 bytes where the response is that of the password, and of version 2. */
  #sessionKey(message: AuthenticateMessage, ntHash: Buffer): Buffer | undefined {
    const { ntResponse, user, domain } = message;
    if (ntResponse.length < PROOF_SIZE + BLOB_HEAD_SIZE) return undefined;
    const key = responseKey(ntHash, user, domain);
    const proof = proofOf(key, this.#serverChallenge, ntResponse.subarray(PROOF_SIZE));
    if (!timingSafeEqual(proof, ntResponse.subarray(0, PROOF_SIZE))) return undefined;
    const base = sessionBaseKey(key, proof);
    if ((message.flags & NTLMSSP_NEGOTIATE_KEY_EXCH) === 0) return base;
    return message.sessionKey.length === 16 ? exchanged(base, message.sessionKey) : undefined;
  }

  /** True also where the client did not promise one. */
  #hasMic(message: AuthenticateMessage, token: Buffer, sessionKey: Buffer): boolean {
    const pairs = readAvPairs(message.ntResponse.subarray(PROOF_SIZE + BLOB_HEAD_SIZE));
    const flags = pairs.get(MSV_AV_FLAGS);
    const promised = flags?.length === 4 && (flags.readUInt32LE(0) & AV_FLAG_MIC) !== 0;
    if (!promised) return true;
    if (message.mic === undefined) return false;
    const unsigned = Buffer.from(token);
    unsigned.fill(0, MIC_OFFSET, MIC_OFFSET + MIC_SIZE);
    const messages = [this.#negotiate as Buffer, this.#challenge as Buffer, unsigned];
    return timingSafeEqual(micOf(sessionKey, ...messages), message.mic);
  }

  #targetInfo(): AvPairs {
    const { serverName } = this.#deps;
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(filetimeOf(this.#deps.now()));
    const text = (value: string): Buffer => Buffer.from(value, 'utf16le');
    return new Map([
      [MSV_AV_NB_DOMAIN_NAME, text(serverName)],
      [MSV_AV_NB_COMPUTER_NAME, text(serverName)],
      [MSV_AV_DNS_DOMAIN_NAME, text('')],
      [MSV_AV_DNS_COMPUTER_NAME, text(serverName.toLowerCase())],
      [MSV_AV_TIMESTAMP, time],
    ]);
  }
}
