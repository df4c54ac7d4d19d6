/** QUERY_INFO of a file ([MS-SMB2] §3.3.5.20.1). */
import type { SmbCall } from '../command.ts';
import type { QueryInfoRequest, QueryOutcome } from '../commands/query-info.ts';
import type { FileFacts } from '../info/facts.ts';
import { FILE_INFO_CLASSES } from '../info/file-classes.ts';
import { factsOf } from '../info/gather.ts';
import { fileNormalizedName } from '../info/names.ts';
import type { Open } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_INVALID_INFO_CLASS,
  STATUS_NOT_SUPPORTED,
} from '../status.ts';
import { fitted, written } from './output.ts';

/** Since which names are normalized on the wire (§3.3.5.20.1). */
const DIALECT_NORMALIZED = 0x0311;

export function queryFile(call: SmbCall, open: Open, request: QueryInfoRequest): QueryOutcome {
  const info = FILE_INFO_CLASSES.get(request.class);
  if (info === undefined) return { status: STATUS_INVALID_INFO_CLASS };
  if (info === fileNormalizedName && call.connection.dialect < DIALECT_NORMALIZED) {
    return { status: STATUS_NOT_SUPPORTED };
  }
  const granted = open.kind === 'pipe' ? info.needs : open.granted;
  if (info.needs !== 0 && (granted & info.needs) === 0) return { status: STATUS_ACCESS_DENIED };
  const facts = open.kind === 'pipe' ? PIPE_FACTS : factsOf(call.scene, open);
  if (facts === undefined) return { status: STATUS_FILE_CLOSED };
  if (open.kind === 'file') {
    const inode = open.volume.tree.inode(open.file);
    if (inode !== undefined) call.see(inode);
  }
  const data = written((to) => info.write(to, facts));
  return fitted(data, info.sizeMin, request.outputSizeMax);
}

const NEVER = { seconds: -11_644_473_600, nanoseconds: 0 };

/** What Windows says of a pipe. */
const PIPE_FACTS: FileFacts = {
  btime: NEVER,
  atime: NEVER,
  mtime: NEVER,
  ctime: NEVER,
  attributes: 0x80,
  endOfFile: 0,
  allocation: 4096,
  id: 0 as FileFacts['id'],
  eaSize: 0,
  isDirectory: false,
  links: 1,
  deletePending: true,
  access: 0x12_019f,
  position: 0,
  mode: 0,
  path: '\\',
  volumeSerial: 0n,
  streams: () => [],
  eas: () => [],
};
