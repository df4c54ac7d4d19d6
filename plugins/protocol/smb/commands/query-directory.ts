/** QUERY_DIRECTORY: names of a folder, page by page ([MS-SMB2] §2.2.33, §2.2.34, §3.3.5.18). */
import { FILE_LIST_DIRECTORY } from '../access.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import {
  DIRECTORY_CLASSES,
  type DirectoryClass,
  ENTRY_ALIGNMENT,
  entrySizeMin,
  writeEntry,
} from '../info/directory.ts';
import { basicFactsOf } from '../info/gather.ts';
import type { FileHandle, FileOpen } from '../open.ts';
import { Enumeration } from '../query/enumeration.ts';
import { written } from '../query/output.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_BUFFER_OVERFLOW,
  STATUS_FILE_CLOSED,
  STATUS_INFO_LENGTH_MISMATCH,
  STATUS_INVALID_INFO_CLASS,
  STATUS_INVALID_PARAMETER,
  STATUS_NO_MORE_FILES,
  STATUS_NO_SUCH_FILE,
  STATUS_OBJECT_NAME_INVALID,
  STATUS_SUCCESS,
} from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';
import type { SmbWriter } from '../wire/writer.ts';

export const SMB2_RESTART_SCANS = 0x01;
export const SMB2_RETURN_SINGLE_ENTRY = 0x02;
/** Indices are 0 in every entry, as NTFS has them: where to go on is the open's business. */
export const SMB2_INDEX_SPECIFIED = 0x04;
export const SMB2_REOPEN = 0x10;

const NAME_OFFSET = 96;
const OUTPUT_OFFSET = 72;
/** Bytes of one answer, whatever there is room for, which some say is more than they may: a few thousand names. */
const OUTPUT_SIZE_MAX = 512 * 1024;

/** UTF-16 units of a pattern: no name that it could match is longer, and it is compared with every one. */
const PATTERN_LENGTH_MAX = 255;

export interface QueryDirectoryRequest {
  readonly class: number;
  readonly flags: number;
  readonly index: number;
  readonly id: FileHandle;
  readonly pattern: string;
  readonly outputSizeMax: number;
}

export interface QueryDirectoryResponse {
  readonly data: Buffer;
}

export const queryDirectory: Command<QueryDirectoryRequest, QueryDirectoryResponse> = {
  name: 'QUERY_DIRECTORY',
  code: 0x000e,
  needs: 'tree',

  decode(from) {
    from.structureSize(33);
    const infoClass = from.u8();
    const flags = from.u8();
    const index = from.u32();
    const id = readFileId(from);
    const offset = from.u16();
    const size = from.u16();
    const outputSizeMax = from.u32();
    const pattern = from.at(offset, size, 'search pattern').toString('utf16le');
    return { class: infoClass, flags, index, id, pattern, outputSizeMax };
  },

  handle(call, request) {
    const open = call.open(request.id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    if (open.kind !== 'file' || !open.isDirectory) return { status: STATUS_INVALID_PARAMETER };
    const info = DIRECTORY_CLASSES.get(request.class);
    if (info === undefined) return { status: STATUS_INVALID_INFO_CLASS };
    if ((open.granted & FILE_LIST_DIRECTORY) === 0) return { status: STATUS_ACCESS_DENIED };
    if (request.outputSizeMax < entrySizeMin(info)) return { status: STATUS_INFO_LENGTH_MISMATCH };
    if (request.pattern.length > PATTERN_LENGTH_MAX) return { status: STATUS_OBJECT_NAME_INVALID };
    if (/[\\/:]/.test(request.pattern)) return { status: STATUS_OBJECT_NAME_INVALID };
    return list(call, open, info, request);
  },

  encode(to, { data }) {
    to.u16(9);
    to.u16(OUTPUT_OFFSET);
    to.u32(data.length);
    to.raw(data);
    if (data.length === 0) to.u8(0);
  },

  encodeRequest(to, request) {
    to.u16(33);
    to.u8(request.class);
    to.u8(request.flags);
    to.u32(request.index);
    writeFileId(to, request.id);
    to.u16(NAME_OFFSET);
    to.u16(request.pattern.length * 2);
    to.u32(request.outputSizeMax);
    to.text(request.pattern);
    if (request.pattern === '') to.u8(0);
  },

  decodeResponse(from) {
    from.structureSize(9);
    const offset = from.u16();
    const size = from.u32();
    return { data: Buffer.from(from.at(offset, size, 'QUERY_DIRECTORY output')) };
  },
};

function list(
  call: SmbCall,
  open: FileOpen,
  info: DirectoryClass,
  request: QueryDirectoryRequest,
): Outcome<QueryDirectoryResponse> {
  const directory = open.volume.tree.inode(open.file);
  if (directory === undefined) return { status: STATUS_FILE_CLOSED };
  call.see(directory);
  const enumeration = enumerationOf(open, request);
  const { isFresh } = enumeration;
  let isTooSmall = false;
  const data = written((to) => {
    isTooSmall = !fill(to, call, open, info, enumeration, request);
  });
  if (data.length > 0) return { status: STATUS_SUCCESS, response: { data } };
  if (isTooSmall) return { status: STATUS_BUFFER_OVERFLOW, response: { data } };
  return { status: isFresh ? STATUS_NO_SUCH_FILE : STATUS_NO_MORE_FILES };
}

/** A pattern counts from the first question on, and from each that begins anew. */
function enumerationOf(open: FileOpen, { flags, pattern }: QueryDirectoryRequest): Enumeration {
  const begun = open.enumeration;
  const restarts = (flags & (SMB2_RESTART_SCANS | SMB2_REOPEN)) !== 0;
  if (begun instanceof Enumeration && !restarts) return begun;
  const wanted = pattern !== '' ? pattern : begun instanceof Enumeration ? begun.pattern : '*';
  const enumeration = new Enumeration(wanted);
  open.enumeration = enumeration;
  return enumeration;
}

/** False when there was a name and no room for it. */
function fill(
  to: SmbWriter,
  call: SmbCall,
  open: FileOpen,
  info: DirectoryClass,
  enumeration: Enumeration,
  { flags, outputSizeMax }: QueryDirectoryRequest,
): boolean {
  const { tree } = open.volume;
  const directory = tree.inode(open.file);
  if (directory === undefined) return true;
  const room = Math.min(outputSizeMax, OUTPUT_SIZE_MAX);
  const fixed = entrySizeMin(info);
  let last = -1;
  for (const candidate of enumeration.candidates(tree, directory, open.share.root)) {
    const { name, inode } = candidate;
    const start = Math.ceil(to.offset / ENTRY_ALIGNMENT) * ENTRY_ALIGNMENT;
    if (start + fixed + name.length * 2 > room) {
      enumeration.untold(candidate);
      return last >= 0;
    }
    to.zeros(start - to.offset);
    if (last >= 0) to.u32At(last, start - last);
    last = start;
    call.see(inode);
    writeEntry(to, info, { ...basicFactsOf(tree, inode), name });
    enumeration.told(candidate);
    if ((flags & SMB2_RETURN_SINGLE_ENTRY) !== 0) break;
  }
  return true;
}
