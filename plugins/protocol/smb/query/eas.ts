/** QUERY_INFO of extended attributes: all, or those that are named ([MS-FSA] §2.1.5.11.10, [MS-SMB2] §3.3.5.20.1). */
import { FILE_READ_EA } from '../access.ts';
import type { SmbCall } from '../command.ts';
import type { QueryInfoRequest, QueryOutcome } from '../commands/query-info.ts';
import type { EaFacts } from '../info/facts.ts';
import { eaSizeOf, isEaName, readEaNames, writeEas } from '../info/full-ea.ts';
import { easOf } from '../info/gather.ts';
import type { Open } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_BUFFER_OVERFLOW,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_FILE_CLOSED,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_INVALID_EA_NAME,
  STATUS_NO_EAS_ON_FILE,
  STATUS_SUCCESS,
} from '../status.ts';
import { written } from './output.ts';

const SL_RETURN_SINGLE_ENTRY = 0x2;

export function queryEas(call: SmbCall, open: Open, request: QueryInfoRequest): QueryOutcome {
  if (open.kind !== 'file') return { status: STATUS_INVALID_DEVICE_REQUEST };
  if ((open.granted & FILE_READ_EA) === 0) return { status: STATUS_ACCESS_DENIED };
  const inode = open.volume.tree.inode(open.file);
  if (inode === undefined) return { status: STATUS_FILE_CLOSED };
  call.see(inode);
  const there = easOf(open.volume.tree, inode);
  const names = request.input.length === 0 ? undefined : readEaNames(request.input);
  if (names?.some((name) => !isEaName(name))) return { status: STATUS_INVALID_EA_NAME };
  if (names === undefined && there.length === 0) return { status: STATUS_NO_EAS_ON_FILE };
  const asked = names === undefined ? there : names.map((name) => named(there, name));
  return inRoom(asked, request);
}

/** One that is not there is told with an empty value. */
function named(there: readonly EaFacts[], name: string): EaFacts {
  const folded = name.toUpperCase();
  const found = there.find((one) => one.name.toUpperCase() === folded);
  return found ?? { name: folded, value: Buffer.alloc(0) };
}

function inRoom(eas: readonly EaFacts[], { flags, outputSizeMax }: QueryInfoRequest): QueryOutcome {
  const wanted = (flags & SL_RETURN_SINGLE_ENTRY) === 0 ? eas : eas.slice(0, 1);
  let count = wanted.length;
  while (count > 0 && eaSizeOf(wanted.slice(0, count)) - 3 > outputSizeMax) count -= 1;
  if (count === 0 && wanted.length > 0) return { status: STATUS_BUFFER_TOO_SMALL };
  const data = written((to) => writeEas(to, wanted.slice(0, count)));
  const status = count === wanted.length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
  return { status, response: { data } };
}
