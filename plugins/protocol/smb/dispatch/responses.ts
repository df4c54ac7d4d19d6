/**
 * The responses to one message, written one behind the other: each padded to eight bytes where another follows, signed one
 * by one, sealed together ([MS-SMB2] §3.3.4.1).
 */
import type { Signer } from '../crypto/signing.ts';
import { FRAME_HEADER_SIZE } from '../wire/frame-reader.ts';
import { type Header, SMB2_FLAGS_SIGNED, writeHeader } from '../wire/header.ts';
import type { SmbWriter } from '../wire/writer.ts';
import { MESSAGE_SIZE_MAX, type WriterPool } from '../wire/writer-pool.ts';

/** Bytes that a response takes beside what its request asked for: header, fixed part, padding. */
const OVERHEAD_SIZE = 2048;
/** Bytes of an answer from which on it is worth a writer that is large already. */
const LARGE_SIZE_MIN = 64 * 1024;

const FLAGS_OFFSET = 16;
const NEXT_COMMAND_OFFSET = 20;
const SIGNATURE_OFFSET = 48;
const SIGNATURE_SIZE = 16;

export class Responses {
  readonly #pool: WriterPool;
  #to: SmbWriter | undefined;
  /** Where the last one starts, and who signs it. */
  #last = 0;
  #count = 0;
  #signer: Signer | undefined;

  constructor(pool: WriterPool) {
    this.#pool = pool;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Whether one more answer of this size may be added; otherwise what is there must go first. */
  fits(size: number): boolean {
    if (this.#to === undefined) return true;
    return this.#to.offset + size + OVERHEAD_SIZE <= MESSAGE_SIZE_MAX;
  }

  /** @param size Bytes that the answer may have, roughly. Returns the response from its header on, until the next is added. */
  add(
    header: Header,
    signer: Signer | undefined,
    size: number,
    body: (to: SmbWriter) => void,
  ): void {
    const to = this.#begin(size);
    to.origin = to.offset;
    const start = to.offset;
    writeHeader(to, header);
    try {
      body(to);
    } catch (error) {
      to.rewind(start);
      throw error;
    }
    this.#last = start;
    this.#count += 1;
    this.#signer = signer;
  }

  /** Gives the last response the signature of its request, where that has one. */
  echo(request: Buffer): void {
    const { last } = this;
    if ((request.readUInt32LE(FLAGS_OFFSET) & SMB2_FLAGS_SIGNED) === 0) return;
    last.writeUInt32LE((last.readUInt32LE(FLAGS_OFFSET) | SMB2_FLAGS_SIGNED) >>> 0, FLAGS_OFFSET);
    request.copy(last, SIGNATURE_OFFSET, SIGNATURE_OFFSET, SIGNATURE_OFFSET + SIGNATURE_SIZE);
  }

  /** Bytes of the last response, unsigned as yet. */
  get last(): Buffer {
    return this.#to?.finish(this.#last) ?? Buffer.alloc(0);
  }

  /**
   * All responses, with room for the transport's length before them. The writer is the caller's to give back; afterwards
   * there are none.
   */
  take(): SmbWriter | undefined {
    const to = this.#to;
    const isCompound = this.#count > 1;
    this.#to = undefined;
    this.#count = 0;
    if (to === undefined) return undefined;
    // As Windows does: the last of several is padded as well.
    if (isCompound) to.align(8);
    this.#signer?.sign(to.finish(this.#last));
    this.#signer = undefined;
    to.bytes.writeUInt32BE(to.offset - FRAME_HEADER_SIZE, 0);
    return to;
  }

  #begin(size: number): SmbWriter {
    const before = this.#to;
    if (before === undefined) {
      const to = this.#pool.take(size >= LARGE_SIZE_MIN);
      to.zeros(FRAME_HEADER_SIZE);
      this.#to = to;
      return to;
    }
    if (this.#count === 0) return before;
    before.align(8);
    before.u32At(this.#last + NEXT_COMMAND_OFFSET, before.offset - this.#last);
    this.#signer?.sign(before.finish(this.#last));
    this.#signer = undefined;
    return before;
  }
}
