/** Holds a command's four codecs against its golden packets (tests/golden/smb), which are bodies from StructureSize on. */
import * as assert from 'uvu/assert';
import type { Command } from '#plugins/protocol/smb/command.ts';
import { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import { SmbWriter } from '#plugins/protocol/smb/wire/writer.ts';
import { goldenPacket } from '../../../support/golden-packet.ts';

const HEADER_SIZE = 64;
const CAPACITY = 4096;

/** A body behind a header of zeros, for offsets count from there. */
export function readerOf(body: Buffer): SmbReader {
  const message = Buffer.concat([Buffer.alloc(HEADER_SIZE), body]);
  return new SmbReader(message, 0, HEADER_SIZE);
}

export function written(write: (to: SmbWriter) => void): string {
  const to = new SmbWriter(CAPACITY);
  to.zeros(HEADER_SIZE);
  write(to);
  return to.finish(HEADER_SIZE).toString('hex');
}

/** The request is that of the file in both directions, and so is the response. */
export function agrees<Request, Response>(
  command: Command<Request, Response, Response>,
  file: string,
  request: NoInfer<Request>,
  response: NoInfer<Response>,
  parts: readonly [request: string, response: string] = ['request', 'response'],
): void {
  const asked = goldenPacket(`smb/${file}`, parts[0]);
  assert.equal(command.decode(readerOf(asked)), request);
  assert.is(
    written((to) => command.encodeRequest(to, request)),
    asked.toString('hex'),
  );
  const told = goldenPacket(`smb/${file}`, parts[1]);
  assert.equal(command.decodeResponse(readerOf(told)), response);
  assert.is(
    written((to) => command.encode(to, response)),
    told.toString('hex'),
  );
}
