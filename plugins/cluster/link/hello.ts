/** The first frame each way: protocol version u32, cluster and name as XDR strings. */
import type { BoxId } from '#core/group/entry.ts';
import { err, ok, type Result } from '#core/result.ts';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';

const VERSION = 1;
/** Bytes of a cluster's id. */
export const CLUSTER_SIZE_MAX = 64;
const NAME_SIZE_MAX = 32;

export interface Hello {
  readonly cluster: string;
  readonly name: BoxId;
}

export function encodeHello(hello: Hello): Buffer {
  const to = new Writer(128);
  to.u32(VERSION);
  to.byteString(hello.cluster);
  to.byteString(hello.name);
  return to.finish();
}

/** Refuses, with a sentence, whoever is not `expected` or speaks another version. */
export function checkHello(frame: Buffer, expected: Hello): Result<undefined, string> {
  const from = new Reader(frame);
  const version = from.u32();
  if (version !== VERSION) {
    return err(`it speaks version ${version} of the link and this box ${VERSION}: update both`);
  }
  const cluster = from.byteString(CLUSTER_SIZE_MAX, 'cluster');
  const name = from.byteString(NAME_SIZE_MAX, 'name');
  from.end();
  if (cluster !== expected.cluster) {
    return err(`it belongs to cluster ${cluster}, this box to ${expected.cluster}`);
  }
  if (name !== expected.name) return err(`it calls itself ${name}: check names and fingerprints`);
  return ok(undefined);
}

/** As `checkHello`, for bytes that may be no hello at all. */
export function readHello(frame: Buffer, expected: Hello): Result<undefined, string> {
  try {
    return checkHello(frame, expected);
  } catch (error) {
    if (error instanceof DecodeError) return err(`its hello is malformed: ${error.message}`);
    throw error;
  }
}
