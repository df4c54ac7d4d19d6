/** QUERY_INFO of a volume ([MS-SMB2] §3.3.5.20.2). */
import type { QueryInfoRequest, QueryOutcome } from '../commands/query-info.ts';
import { VOLUME_INFO_CLASSES } from '../info/file-system.ts';
import { volumeFactsOf } from '../info/volume-facts.ts';
import type { Open } from '../open.ts';
import { STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_INFO_CLASS } from '../status.ts';
import { fitted, written } from './output.ts';

export function queryFileSystem(open: Open, request: QueryInfoRequest): QueryOutcome {
  if (open.kind !== 'file') return { status: STATUS_INVALID_DEVICE_REQUEST };
  const info = VOLUME_INFO_CLASSES.get(request.class);
  if (info === undefined) return { status: STATUS_INVALID_INFO_CLASS };
  const data = written((to) => info.write(to, volumeFactsOf(open.share)));
  return fitted(data, info.sizeMin, request.outputSizeMax);
}
