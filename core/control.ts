/**
 * The words in which a running box is asked and told: newline-delimited JSON over a Unix socket.
 *
 * A request is `{id, method, params}`, its response `{id, result}` or `{id, error}`, the error being a sentence for
 * the owner. Responses may come in another order than their requests.
 */
import * as v from 'valibot';
import { service } from './services.ts';
import { DecodeError } from './wire/reader.ts';

/** Bytes of one request: the longest holds a few paths and networks. */
export const REQUEST_SIZE_MAX = 64 * 1024;
/** Bytes of one response: a status with every client and export of a large box. */
export const RESPONSE_SIZE_MAX = 16 * 1024 * 1024;

/** Answers one request. What it throws is told to whoever asked, so its message must be a sentence. */
export type ControlHandler = (params: unknown) => unknown | Promise<unknown>;

export interface Control {
  /** Adds a method; `name` is `noun.verb` or a plain verb. Adding a name twice is a broken invariant. */
  method(name: string, handler: ControlHandler): void;
}

export const CONTROL = service<Control>('control');

const Request = v.object({
  id: v.pipe(v.number(), v.safeInteger()),
  method: v.pipe(v.string(), v.maxLength(64)),
  params: v.optional(v.unknown()),
});

const Response = v.object({
  /** `null` when the request was not understood so far that it had an id. */
  id: v.nullable(v.number()),
  result: v.optional(v.unknown()),
  error: v.optional(v.string()),
});

export type ControlRequest = v.InferOutput<typeof Request>;
export type ControlResponse = v.InferOutput<typeof Response>;

export function decodeRequest(line: string): ControlRequest {
  return decode(Request, 'request', line);
}

export function decodeResponse(line: string): ControlResponse {
  return decode(Response, 'response', line);
}

export function encodeRequest(request: ControlRequest): string {
  return `${JSON.stringify(request)}\n`;
}

export function encodeResponse(response: ControlResponse): string {
  return `${JSON.stringify(response)}\n`;
}

function decode<S extends v.GenericSchema>(
  schema: S,
  what: string,
  line: string,
): v.InferOutput<S> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new DecodeError(`${what}: is not JSON`);
  }
  const outcome = v.safeParse(schema, value);
  if (outcome.success) return outcome.output;
  const [issue] = outcome.issues;
  throw new DecodeError(`${what}: ${v.getDotPath(issue) ?? 'value'}: ${issue.message}`);
}

const NEWLINE = 0x0a;

/** Cuts a stream into lines, none longer than `sizeMax` bytes without its newline. */
export class Lines {
  readonly #sizeMax: number;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** The lines that `bytes` completes. Throws `DecodeError` when a line is too long; nothing can follow then. */
  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, from);
      this.#hold(bytes.subarray(from, end < 0 ? bytes.length : end));
      if (end < 0) return lines;
      lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#size = 0;
      from = end + 1;
    }
  }

  #hold(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#sizeMax) {
      throw new DecodeError(`line: more than ${this.#sizeMax} bytes`);
    }
    if (part.length > 0) this.#parts.push(part);
  }
}
