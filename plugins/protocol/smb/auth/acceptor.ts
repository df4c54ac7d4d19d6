/**
 * One authentication, from the first token of a SESSION_SETUP to the last: NTLM inside SPNEGO ([MS-SPNG]), or bare, as old
 * clients send it.
 *
 *     NegTokenInit (NTLM first, NEGOTIATE)  ->  CHALLENGE     -> AUTHENTICATE -> accepted, refused
 *     NegTokenInit (NTLM among others)      ->  NTLM, please  -> NEGOTIATE -> CHALLENGE -> AUTHENTICATE -> ...
 */
import { timingSafeEqual } from 'node:crypto';
import { DecodeError } from '#core/wire/reader.ts';
import {
  type AcceptorDependencies,
  type Account,
  NtlmAcceptor,
  type NtlmOutcome,
} from './ntlm-acceptor.ts';
import { isNtlm, messageType } from './ntlm-messages.ts';
import { firstSignature } from './ntlmv2.ts';
import {
  ACCEPT_COMPLETED,
  ACCEPT_INCOMPLETE,
  OID_NTLMSSP,
  REQUEST_MIC,
  readSpnego,
  writeResp,
} from './spnego.ts';

export type AuthStep<Found> =
  | { readonly kind: 'more'; readonly token: Buffer }
  | {
      readonly kind: 'accepted';
      readonly token: Buffer;
      readonly account: Found;
      readonly sessionKey: Buffer;
    }
  | { readonly kind: 'refused'; readonly why: 'anonymous' | 'disabled' | 'wrong' };

export class Acceptor<Found extends Account> {
  readonly #ntlm: NtlmAcceptor<Found>;
  /** DER of the list of mechanisms, once SPNEGO was begun. */
  #mechanismList: Buffer | undefined;
  /** NTLM was not the client's first choice: then the list must be vouched for (RFC 4178 §5). */
  #needsMic = false;

  constructor(deps: AcceptorDependencies<Found>) {
    this.#ntlm = new NtlmAcceptor(deps);
  }

  /** Throws `DecodeError` for a token that is malformed or out of order. */
  step(token: Buffer): AuthStep<Found> {
    if (isNtlm(token)) return this.#bare(token);
    const message = readSpnego(token);
    if (message.kind === 'init') return this.#begin(message);
    if (this.#mechanismList === undefined)
      throw new DecodeError('SPNEGO: answers what was not asked');
    if (message.token === undefined) throw new DecodeError('SPNEGO: a response without its token');
    if (messageType(message.token) === 1 && !this.#ntlm.isChallenged) {
      return this.#more(this.#ntlm.challenge(message.token));
    }
    return this.#finish(message.token, message.mic, this.#mechanismList);
  }

  #bare(token: Buffer): AuthStep<Found> {
    if (this.#mechanismList !== undefined) throw new DecodeError('NTLM: SPNEGO was begun');
    if (messageType(token) === 1) return { kind: 'more', token: this.#ntlm.challenge(token) };
    return stepOf(this.#ntlm.authenticate(token), Buffer.alloc(0));
  }

  #begin(message: Extract<ReturnType<typeof readSpnego>, { kind: 'init' }>): AuthStep<Found> {
    if (this.#mechanismList !== undefined) throw new DecodeError('SPNEGO: begins twice');
    if (!message.mechanisms.includes(OID_NTLMSSP)) return { kind: 'refused', why: 'wrong' };
    this.#mechanismList = message.mechanismList;
    if (message.mechanisms[0] === OID_NTLMSSP && message.token !== undefined) {
      return this.#more(this.#ntlm.challenge(message.token));
    }
    this.#needsMic = message.mechanisms[0] !== OID_NTLMSSP;
    return {
      kind: 'more',
      token: writeResp({
        state: this.#needsMic ? REQUEST_MIC : ACCEPT_INCOMPLETE,
        mechanism: OID_NTLMSSP,
        token: undefined,
        mic: undefined,
      }),
    };
  }

  #more(challenge: Buffer): AuthStep<Found> {
    const token = writeResp({
      state: ACCEPT_INCOMPLETE,
      mechanism: this.#needsMic ? undefined : OID_NTLMSSP,
      token: challenge,
      mic: undefined,
    });
    return { kind: 'more', token };
  }

  #finish(token: Buffer, mic: Buffer | undefined, mechanismList: Buffer): AuthStep<Found> {
    const outcome = this.#ntlm.authenticate(token);
    if (outcome.kind === 'refused') return outcome;
    const { sessionKey, keyExchange } = outcome;
    const signature = (side: 'client' | 'server'): Buffer =>
      firstSignature(side, sessionKey, keyExchange, mechanismList);
    if (mic === undefined ? this.#needsMic : !isSame(mic, signature('client'))) {
      return { kind: 'refused', why: 'wrong' };
    }
    const answer = writeResp({
      state: ACCEPT_COMPLETED,
      mechanism: undefined,
      token: undefined,
      mic: mic === undefined ? undefined : signature('server'),
    });
    return stepOf(outcome, answer);
  }
}

const isSame = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

function stepOf<Found>(outcome: NtlmOutcome<Found>, token: Buffer): AuthStep<Found> {
  if (outcome.kind === 'refused') return outcome;
  return { kind: 'accepted', token, account: outcome.account, sessionKey: outcome.sessionKey };
}
