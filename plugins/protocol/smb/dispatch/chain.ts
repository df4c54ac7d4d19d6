/**
 * One message of a client, with one request or several: taken apart, handled one after the other, answered together
 * ([MS-SMB2] §3.3.5.2).
 *
 *     message -> request -> who, what, may it -> command -> response ... -> committed? -> sent
 *
 * Everything happens in one turn unless a command gives a promise. One that goes on asynchronously must be the last.
 */
import { AssertionError } from '#core/assert.ts';
import type { Position } from '#core/group/entry.ts';
import { DecodeError } from '#core/wire/reader.ts';
import type { AnyCommand, Outcome } from '../command.ts';
import { commands } from '../commands/index.ts';
import type { SmbConnection } from '../connection.ts';
import { preauth } from '../crypto/preauth.ts';
import type { Signer } from '../crypto/signing.ts';
import type { ServerSession } from '../server-session.ts';
import {
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_INTERNAL_ERROR,
  STATUS_INVALID_PARAMETER,
  STATUS_MORE_PROCESSING_REQUIRED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from '../status.ts';
import { writeError } from '../wire/error.ts';
import {
  HEADER_SIZE,
  type Header,
  readHeader,
  SMB2_FLAGS_ASYNC_COMMAND,
  SMB2_FLAGS_PRIORITY_MASK,
  SMB2_FLAGS_RELATED_OPERATIONS,
  SMB2_FLAGS_SERVER_TO_REDIR,
  SMB2_FLAGS_SIGNED,
} from '../wire/header.ts';
import { SmbReader } from '../wire/reader.ts';
import { type Baton, ServerCall } from './call.ts';
import { answerSize, chargeOf } from './fields.ts';
import { checkRequest } from './gate.ts';
import { Responses } from './responses.ts';

const NEGOTIATE = 0x0000;
const SESSION_SETUP = 0x0001;
const CREATE = 0x0005;
const READ = 0x0008;
const CANCEL = 0x000c;
/** Requests of one message: clients of Windows send up to ten, test suites some more. */
const REQUESTS_MAX = 256;

/** Bytes that all answers to one message may come to; a client that wants more sends more messages. */
const ANSWERS_SIZE_MAX = 8 * 1024 * 1024;

/** One request of the message. */
export interface Item {
  readonly header: Header;
  /** From its header to the next one. */
  readonly message: Buffer;
  readonly body: Buffer;
  readonly isLast: boolean;
  readonly isRelated: boolean;
}

export class Chain {
  readonly #connection: SmbConnection;
  readonly #message: Buffer;
  /** Whose key the message was sealed with. */
  readonly #sealedBy: ServerSession | undefined;
  readonly #responses: Responses;
  readonly #baton: Baton = {
    session: undefined,
    sessionId: 0n,
    tree: undefined,
    treeId: 0,
    open: undefined,
    failed: STATUS_SUCCESS,
    isRefused: false,
  };
  #at = 0;
  #count = 0;
  /** Bytes that the answers so far may have. */
  #asked = 0;
  /** The newest entry that the responses tell of. */
  #seen = 0;
  #seals = false;

  constructor(connection: SmbConnection, message: Buffer, sealedBy: ServerSession | undefined) {
    this.#connection = connection;
    this.#message = message;
    this.#sealedBy = sealedBy;
    this.#responses = new Responses(connection.writers);
  }

  /** Throws `DecodeError` for a message that cannot be answered: the connection must end. */
  run(): void {
    while (this.#at < this.#message.length) {
      const item = this.#next();
      if (item.header.command === CANCEL) {
        this.#cancel(item);
        continue;
      }
      this.#take(item);
      const call = this.#callOf(item);
      const outcome = this.#handle(item, call);
      if (outcome instanceof Promise) {
        this.#wait(item, call, outcome);
        return;
      }
      this.#answer(item, call, outcome);
    }
    this.#send();
  }

  #next(): Item {
    this.#count += 1;
    if (this.#count > REQUESTS_MAX) throw new DecodeError(`more than ${REQUESTS_MAX} requests`);
    const start = this.#at;
    const header = readHeader(new SmbReader(this.#message, start));
    const left = this.#message.length - start;
    const size = header.nextCommand === 0 ? left : header.nextCommand;
    if (size > left || size < HEADER_SIZE || (header.nextCommand & 7) !== 0) {
      throw new DecodeError(`NextCommand: ${size} bytes, ${left} left`);
    }
    if ((header.flags & SMB2_FLAGS_SERVER_TO_REDIR) !== 0) {
      throw new DecodeError('header: is that of a response');
    }
    this.#at = start + size;
    const message = this.#message.subarray(start, start + size);
    return {
      header,
      message,
      body: message.subarray(HEADER_SIZE),
      isLast: this.#at === this.#message.length,
      isRelated: (header.flags & SMB2_FLAGS_RELATED_OPERATIONS) !== 0,
    };
  }

  /** Uses up the request's ids. */
  #take({ header }: Item): void {
    const connection = this.#connection;
    if ((connection.dialect === 0) !== (header.command === NEGOTIATE)) {
      throw new DecodeError('NEGOTIATE: comes first, and once');
    }
    const charge = connection.isLargeMtu ? Math.max(1, header.creditCharge) : 1;
    if (!connection.window.use(header.messageId, charge)) {
      throw new DecodeError(`MessageId ${header.messageId}: was not granted, or was used`);
    }
  }

  #cancel({ header, message }: Item): void {
    const session = this.#connection.sessions.get(header.sessionId);
    const isSigned = (header.flags & SMB2_FLAGS_SIGNED) !== 0;
    const mustBe = session?.isValid === true && session.signingRequired;
    if (this.#sealedBy === undefined && mustBe) {
      if (!isSigned || !session.signer?.verifies(message)) return;
    }
    const isAsync = (header.flags & SMB2_FLAGS_ASYNC_COMMAND) !== 0;
    this.#connection.pended.cancel(isAsync ? header.asyncId : 0n, header.messageId);
  }

  #callOf(item: Item): ServerCall {
    const { header, message } = item;
    return new ServerCall({
      scene: this.#connection.scene,
      connection: this.#connection,
      header,
      message,
      baton: this.#baton,
      isEncrypted: this.#sealedBy !== undefined,
      isSigned: (header.flags & SMB2_FLAGS_SIGNED) !== 0,
      pend: (call, cancel) => this.#pend(item, call, cancel),
    });
  }

  #handle(item: Item, call: ServerCall): Outcome<unknown> | Promise<Outcome<unknown>> {
    const { header, body } = item;
    const baton = this.#baton;
    const connection = this.#connection;
    const command = commands[header.command];
    const isFirst = this.#count === 1;
    const refusal = checkRequest(connection, item, command, baton, this.#sealedBy, isFirst);
    this.#seals ||= this.#sealedBy !== undefined || baton.session?.encrypts === true;
    baton.isRefused = refusal !== STATUS_SUCCESS;
    if (refusal !== STATUS_SUCCESS) return { status: refusal };
    if (command === undefined) return { status: STATUS_INVALID_PARAMETER };
    if (
      connection.isLargeMtu &&
      chargeOf(header.command, body) > Math.max(1, header.creditCharge)
    ) {
      return { status: STATUS_INVALID_PARAMETER };
    }
    this.#asked += Math.min(answerSize(header.command, body), connection.maxTransactSize);
    if (this.#asked > ANSWERS_SIZE_MAX) return { status: STATUS_INSUFFICIENT_RESOURCES };
    connection.counters.requests(command.name).add();
    try {
      const request = command.decode(new SmbReader(item.message, 0, HEADER_SIZE));
      return command.handle(call, request);
    } catch (error) {
      return this.#failed(command, error);
    }
  }

  /** A handler threw: malformed bytes are the client's affair, anything else is ours, and the next requests are served. */
  #failed(command: AnyCommand, error: unknown): Outcome<unknown> {
    if (error instanceof AssertionError) throw error;
    if (error instanceof DecodeError) return { status: STATUS_INVALID_PARAMETER };
    const cause = error instanceof Error ? error.stack : String(error);
    const { log } = this.#connection.scene;
    log.error(`${command.name}: the request failed inside the server`, { cause });
    return { status: STATUS_INTERNAL_ERROR };
  }

  #wait(item: Item, call: ServerCall, outcome: Promise<Outcome<unknown>>): void {
    const connection = this.#connection;
    const command = commands[item.header.command] as AnyCommand;
    const asked = item.header.command === READ ? answerSize(READ, item.body) : 0;
    const held = this.#message.length + Math.min(asked, connection.maxReadSize);
    connection.waits(held);
    const settle = (done: Outcome<unknown>): void => {
      connection.settled(held);
      if (connection.isClosed) return;
      try {
        this.#answer(item, call, call.refused === undefined ? done : { status: call.refused });
        this.run();
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        connection.destroy();
      }
    };
    outcome.then(settle, (error: unknown) => settle(this.#failed(command, error)));
  }

  /** The request goes on later. Only the last one may say so to the client; CREATE may hold up those behind it. */
  #pend(item: Item, call: ServerCall, cancel: () => void): void {
    const connection = this.#connection;
    if (call.pended !== undefined) {
      call.pended.cancel = cancel;
      return;
    }
    const { header, isLast } = item;
    const mayWait = isLast || header.command === CREATE;
    call.pended = mayWait ? connection.pended.add(header.messageId, cancel) : undefined;
    if (call.pended === undefined || connection.isClosed) {
      call.refused = mayWait ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INTERNAL_ERROR;
      queueMicrotask(cancel);
      return;
    }
    if (!isLast) return;
    call.pended.isTold = true;
    this.#send();
    const interim = this.#headerOf(
      item,
      call,
      STATUS_PENDING,
      connection.grant(header, STATUS_PENDING),
    );
    // Under GMAC the final response would be signed with the nonce of this one; a client does not look at its signature.
    const signer = this.#seals ? undefined : this.#signerOf(call, true);
    this.#responses.add(interim, signer?.noncesRepeat ? undefined : signer, 0, (to) =>
      writeError(to, undefined, false),
    );
    this.#send();
  }

  #answer(item: Item, call: ServerCall, outcome: Outcome<unknown>): void {
    const connection = this.#connection;
    const { header } = item;
    const { pended } = call;
    if (pended !== undefined) connection.pended.remove(pended);
    if (call.seen > this.#seen) this.#seen = call.seen;
    const { status, response } = outcome;
    const isError = status >>> 30 === 3 && status !== STATUS_MORE_PROCESSING_REQUIRED;
    const baton = this.#baton;
    if (isError && (header.command === CREATE || baton.isRefused)) {
      baton.failed = status;
      baton.open = undefined;
    }
    if (isError) connection.counters.refused.add();
    const size = Math.min(answerSize(header.command, item.body), connection.maxTransactSize);
    if (!this.#responses.fits(size)) this.#send();
    const credits = pended?.isTold === true ? 0 : connection.grant(header, status);
    const signer = this.#seals ? undefined : this.#signerOf(call, !isError);
    const command = commands[header.command];
    const answer = this.#headerOf(item, call, status, credits);
    try {
      this.#responses.add(answer, signer, response === undefined ? 0 : size, (to) => {
        if (response !== undefined && command !== undefined) command.encode(to, response);
        else writeError(to, dataOf(outcome), connection.dialect === 0x0311);
      });
    } catch (error) {
      if (command === undefined || error instanceof AssertionError) throw error;
      const failure = this.#headerOf(item, call, this.#failed(command, error).status, credits);
      this.#responses.add(failure, signer, 0, (to) => writeError(to, undefined, false));
    }
    if (connection.dialect === 0x0311) this.#hash(header, status);
    // Nobody can sign for a session that there is not: clients then look for their own signature.
    if (signer === undefined && !this.#seals) this.#responses.echo(item.message);
  }

  #headerOf(
    { header, isRelated }: Item,
    call: ServerCall,
    status: number,
    credits: number,
  ): Header {
    const baton = this.#baton;
    const isAsync = call.pended?.isTold === true;
    return {
      creditCharge: header.creditCharge,
      status,
      command: header.command,
      credits,
      flags:
        SMB2_FLAGS_SERVER_TO_REDIR |
        (isRelated ? SMB2_FLAGS_RELATED_OPERATIONS : 0) |
        (isAsync ? SMB2_FLAGS_ASYNC_COMMAND : 0) |
        (header.flags & SMB2_FLAGS_PRIORITY_MASK),
      nextCommand: 0,
      messageId: header.messageId,
      asyncId: call.pended?.asyncId ?? 0n,
      treeId: baton.treeId,
      sessionId: baton.sessionId,
    };
  }

  /** Who signs is asked when the request is answered: SESSION_SETUP makes the key that its own response is signed with. */
  #signerOf(call: ServerCall, isGood: boolean): Signer | undefined {
    const { session } = this.#baton;
    // Also of a session that has just ended: the client still expects its signature.
    if (session?.signer === undefined) return undefined;
    const isSetUp = call.header.command === SESSION_SETUP && isGood;
    const wasSigned = (call.header.flags & SMB2_FLAGS_SIGNED) !== 0;
    return isSetUp || wasSigned || session.signingRequired ? session.signer : undefined;
  }

  /** What was said before there were keys goes into them (§3.3.5.4, §3.3.5.5). */
  #hash({ command }: Header, status: number): void {
    const connection = this.#connection;
    const { session } = this.#baton;
    if (command === NEGOTIATE) {
      connection.preauthHash = preauth(connection.preauthHash, this.#responses.last);
    } else if (command === SESSION_SETUP && status === STATUS_MORE_PROCESSING_REQUIRED) {
      if (session !== undefined) {
        session.preauthHash = preauth(session.preauthHash, this.#responses.last);
      }
    }
  }

  #send(): void {
    const to = this.#responses.take();
    if (to === undefined) return;
    const sealer = this.#seals ? (this.#sealedBy ?? this.#baton.session)?.sealer : undefined;
    this.#connection.post(to, sealer, this.#seen as Position, this.#message.length);
  }
}

const dataOf = (outcome: Outcome<unknown>): Buffer | undefined =>
  'errorData' in outcome ? outcome.errorData : undefined;
