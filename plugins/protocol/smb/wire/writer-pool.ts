/** Writers that are used again: one holds the responses of one message, until the kernel has them. */
import { SmbWriter } from './writer.ts';

/** Bytes of the largest message that is sent: a full READ, with a few small answers before it. */
export const MESSAGE_SIZE_MAX = 1024 * 1024 + 128 * 1024;
/** Bytes up to which a writer counts as small. */
const SMALL_SIZE_MAX = 128 * 1024;
/** Kept when nobody uses them: what some busy clients have under way. */
const SMALL_MAX = 64;
const LARGE_MAX = 8;

export class WriterPool {
  readonly #small: SmbWriter[] = [];
  readonly #large: SmbWriter[] = [];

  /** @param isLarge A full READ is expected: a writer that has grown already spares the copies of growing. */
  take(isLarge: boolean): SmbWriter {
    const own = isLarge ? this.#large : this.#small;
    const writer = own.pop() ?? new SmbWriter(MESSAGE_SIZE_MAX, isLarge ? MESSAGE_SIZE_MAX : 4096);
    writer.reset();
    return writer;
  }

  give(writer: SmbWriter): void {
    const isLarge = writer.bytes.length > SMALL_SIZE_MAX;
    const own = isLarge ? this.#large : this.#small;
    if (own.length < (isLarge ? LARGE_MAX : SMALL_MAX)) own.push(writer);
  }
}
