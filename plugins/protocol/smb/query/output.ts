/** How an answer is fitted into what the client has room for ([MS-SMB2] §3.3.5.20.1). */
import type { Outcome } from '../command.ts';
import { STATUS_BUFFER_OVERFLOW, STATUS_INFO_LENGTH_MISMATCH, STATUS_SUCCESS } from '../status.ts';
import { SmbWriter } from '../wire/writer.ts';

export interface Output {
  readonly data: Buffer;
}

/** Bytes of any answer: streams and attributes of a file at their bounds take less. */
const OUTPUT_SIZE_MAX = 1024 * 1024;
/** One for all: an answer is copied out of it before anything else is written. */
const scratch = new SmbWriter(OUTPUT_SIZE_MAX);

/** What `write` writes, in bytes of its own. */
export function written(write: (to: SmbWriter) => void): Buffer {
  scratch.reset();
  write(scratch);
  return Buffer.from(scratch.finish());
}

/** Without room for the fixed part nothing is told; without room for all, as much as there is room for. */
export function fitted(data: Buffer, sizeMin: number, sizeMax: number): Outcome<Output> {
  if (sizeMax < sizeMin) return { status: STATUS_INFO_LENGTH_MISMATCH };
  if (data.length <= sizeMax) return { status: STATUS_SUCCESS, response: { data } };
  return { status: STATUS_BUFFER_OVERFLOW, response: { data: data.subarray(0, sizeMax) } };
}
