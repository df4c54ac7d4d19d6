/** A stream's name in its file, as changes carry it. */
import { err, ok, type Result } from '../../result.ts';
import type { FileId } from '../../vfs/inode.ts';
import { NAME_SIZE_MAX, type Name } from '../../vfs/name.ts';
import type { FsError } from '../../vfs/status.ts';
import { DecodeError, type Reader } from '../../wire/reader.ts';
import type { Writer } from '../../wire/writer.ts';
import { readFile, writeFile } from './common.ts';

export interface StreamPlace {
  readonly file: FileId;
  readonly name: Name;
}

/** Slash, backslash and colon would end it in a path ([MS-FSCC] §2.1.5.3); `.` and `..` are names like others. */
const ENDS_NAME = /[\0/\\:]/;

export function streamName(bytes: string): Result<Name, FsError> {
  if (bytes.length > NAME_SIZE_MAX) return err('name-too-long');
  return bytes === '' || ENDS_NAME.test(bytes) ? err('invalid') : ok(bytes as Name);
}

export function writeStreamPlace(to: Writer, { file, name }: StreamPlace): void {
  writeFile(to, file);
  to.byteString(name);
}

export function readStreamPlace(from: Reader): StreamPlace {
  const file = readFile(from);
  const name = streamName(from.byteString(NAME_SIZE_MAX, 'stream name'));
  if (!name.ok) throw new DecodeError(`stream name: ${name.error}`);
  return { file, name: name.value };
}
