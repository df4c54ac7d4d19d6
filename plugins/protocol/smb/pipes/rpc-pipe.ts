/**
 * One end of a named pipe that speaks DCE/RPC: bind, then requests, each answered before the next. Requests and
 * answers may be in fragments. Pure.
 */
import { DecodeError } from '#core/wire/reader.ts';
import type { Pipe } from '../open.ts';
import type { Session } from '../session.ts';
import {
  STATUS_BUFFER_OVERFLOW,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_INVALID_PARAMETER,
  STATUS_PIPE_DISCONNECTED,
  STATUS_PIPE_EMPTY,
  STATUS_SUCCESS,
} from '../status.ts';
import { NdrReader } from './ndr-reader.ts';
import { NdrWriter } from './ndr-writer.ts';
import {
  ABSTRACT_SYNTAX_NOT_SUPPORTED,
  ACCEPTED,
  type BindContext,
  type BindResult,
  CALL_HEADER_SIZE,
  encodeBindAck,
  encodeFault,
  encodeResponse,
  FRAGMENT_SIZE_MAX,
  fragmentSize,
  HEADER_SIZE,
  NCA_FAULT_NDR,
  NCA_OP_RANGE_ERROR,
  NCA_UNKNOWN_INTERFACE,
  NDR32,
  PDU_ALTER_CONTEXT,
  PDU_ALTER_CONTEXT_RESPONSE,
  PDU_BIND,
  PDU_BIND_ACK,
  PDU_FAULT,
  PDU_REQUEST,
  PDU_RESPONSE,
  type Pdu,
  PFC_FIRST_FRAG,
  PFC_LAST_FRAG,
  readBind,
  readPdu,
  readRequest,
  type Syntax,
  TRANSFER_SYNTAX_NOT_SUPPORTED,
  writePdu,
} from './pdu.ts';
import type { PipeFacts } from './pipe-server.ts';

export interface RpcCall {
  readonly facts: PipeFacts;
  readonly session: Session;
}

/** One procedure: reads its arguments, writes its answer. */
export interface RpcProcedure {
  readonly name: string;
  readonly opnum: number;
  answer(call: RpcCall, from: NdrReader, to: NdrWriter): void;
}

export interface RpcInterface {
  /** Of the pipe. */
  readonly name: string;
  readonly syntax: Syntax;
  readonly procedures: ReadonlyMap<number, RpcProcedure>;
}

/** Bytes of a request's stub, all fragments together: nothing that is answered here takes more. */
const STUB_SIZE_MAX = 256 * 1024;
/** Fragments of one request. */
const FRAGMENTS_MAX = 256;
/** Fragments of answers that nobody has read; a client reads all before it asks again. */
const UNREAD_MAX = 64;
/** Names the association; there is one a pipe, and nobody asks for it again. */
const ASSOCIATION = 0x53f0;

export class RpcPipe implements Pipe {
  readonly #interface: RpcInterface;
  readonly #call: RpcCall;
  /** Contexts that were bound. */
  readonly #contexts = new Set<number>();
  #incoming: Buffer = Buffer.alloc(0);
  #stub: Buffer[] = [];
  #stubSize = 0;
  #unread: Buffer[] = [];
  #fragmentSizeMax = FRAGMENT_SIZE_MAX;
  #broken = false;

  constructor(served: RpcInterface, call: RpcCall) {
    this.#interface = served;
    this.#call = call;
  }

  /** Bytes that wait to be read. */
  get waiting(): number {
    return this.#unread.reduce((size, message) => size + message.length, 0);
  }

  write(message: Buffer): number {
    if (this.#broken) return STATUS_PIPE_DISCONNECTED;
    if (this.#unread.length >= UNREAD_MAX) return STATUS_INSUFFICIENT_RESOURCES;
    this.#incoming = Buffer.concat([this.#incoming, message]);
    try {
      while (this.#takeFragment());
      return STATUS_SUCCESS;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#broken = true;
      return STATUS_INVALID_PARAMETER;
    }
  }

  read(target: Buffer): { readonly status: number; readonly size: number } {
    const [first] = this.#unread;
    if (first === undefined) {
      return { status: this.#broken ? STATUS_PIPE_DISCONNECTED : STATUS_PIPE_EMPTY, size: 0 };
    }
    const size = first.copy(target);
    if (size === first.length) {
      this.#unread.shift();
      return { status: STATUS_SUCCESS, size };
    }
    this.#unread[0] = first.subarray(size);
    return { status: STATUS_BUFFER_OVERFLOW, size };
  }

  close(): void {
    this.#broken = true;
    this.#unread = [];
    this.#incoming = Buffer.alloc(0);
    this.#stub = [];
  }

  #takeFragment(): boolean {
    if (this.#incoming.length < HEADER_SIZE) return false;
    const size = fragmentSize(this.#incoming);
    if (size < HEADER_SIZE) throw new DecodeError(`RPC fragment: ${size} bytes`);
    if (this.#incoming.length < size) return false;
    const pdu = readPdu(this.#incoming.subarray(0, size));
    this.#incoming = this.#incoming.subarray(size);
    this.#take(pdu);
    return true;
  }

  #take(pdu: Pdu): void {
    // One message may bring many requests.
    if (this.#unread.length >= UNREAD_MAX) throw new DecodeError('RPC: answers are not read');
    switch (pdu.type) {
      case PDU_BIND:
        this.#bind(pdu, PDU_BIND_ACK);
        break;
      case PDU_ALTER_CONTEXT:
        this.#bind(pdu, PDU_ALTER_CONTEXT_RESPONSE);
        break;
      case PDU_REQUEST:
        this.#request(pdu);
        break;
      default:
        throw new DecodeError(`RPC: PDU type ${pdu.type} is not for a server`);
    }
  }

  #bind(pdu: Pdu, answer: number): void {
    const bind = readBind(pdu.body);
    this.#fragmentSizeMax = Math.max(1024, Math.min(FRAGMENT_SIZE_MAX, bind.fragmentSizeMax));
    const results = bind.contexts.map((context) => this.#bindContext(context));
    const body = encodeBindAck(
      this.#fragmentSizeMax,
      bind.association === 0 ? ASSOCIATION : bind.association,
      `\\PIPE\\${this.#interface.name}`,
      results,
    );
    this.#say(answer, pdu.callId, PFC_FIRST_FRAG | PFC_LAST_FRAG, body);
  }

  #bindContext({ id, abstract, transfers }: BindContext): BindResult {
    if (!isSame(abstract, this.#interface.syntax)) return ABSTRACT_SYNTAX_NOT_SUPPORTED;
    if (!transfers.some((transfer) => isSame(transfer, NDR32))) {
      return TRANSFER_SYNTAX_NOT_SUPPORTED;
    }
    this.#contexts.add(id);
    return ACCEPTED;
  }

  #request(pdu: Pdu): void {
    const { context, opnum, stub } = readRequest(pdu);
    if ((pdu.flags & PFC_FIRST_FRAG) !== 0) {
      this.#stub = [];
      this.#stubSize = 0;
    }
    this.#stubSize += stub.length;
    if (this.#stubSize > STUB_SIZE_MAX) {
      throw new DecodeError(`RPC request: more than ${STUB_SIZE_MAX} bytes`);
    }
    if (this.#stub.length >= FRAGMENTS_MAX) {
      throw new DecodeError(`RPC request: more than ${FRAGMENTS_MAX} fragments`);
    }
    this.#stub.push(Buffer.from(stub));
    if ((pdu.flags & PFC_LAST_FRAG) === 0) return;
    const whole = Buffer.concat(this.#stub);
    this.#stub = [];
    const procedure = this.#interface.procedures.get(opnum);
    if (!this.#contexts.has(context)) this.#fault(pdu.callId, context, NCA_UNKNOWN_INTERFACE);
    else if (procedure === undefined) this.#fault(pdu.callId, context, NCA_OP_RANGE_ERROR);
    else this.#answer(pdu.callId, context, procedure, whole);
  }

  #answer(callId: number, context: number, procedure: RpcProcedure, stub: Buffer): void {
    const to = new NdrWriter();
    try {
      procedure.answer(this.#call, new NdrReader(stub), to);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#fault(callId, context, NCA_FAULT_NDR);
      return;
    }
    const whole = to.finish();
    const room = this.#fragmentSizeMax - HEADER_SIZE - CALL_HEADER_SIZE;
    let at = 0;
    do {
      const part = whole.subarray(at, at + room);
      const first = at === 0 ? PFC_FIRST_FRAG : 0;
      at += part.length;
      const last = at >= whole.length ? PFC_LAST_FRAG : 0;
      this.#say(PDU_RESPONSE, callId, first | last, encodeResponse(context, part));
    } while (at < whole.length);
  }

  #fault(callId: number, context: number, status: number): void {
    const body = encodeFault(context, status);
    this.#say(PDU_FAULT, callId, PFC_FIRST_FRAG | PFC_LAST_FRAG, body);
  }

  #say(type: number, callId: number, flags: number, body: Buffer): void {
    this.#unread.push(writePdu({ type, flags, callId, body }));
  }
}

/** The minor version, in the upper half, may differ ([C706] §12.6.3.1). */
function isSame(one: Syntax, other: Syntax): boolean {
  return one.uuid === other.uuid && (one.version & 0xffff) === (other.version & 0xffff);
}
