/** QUERY_INFO of a security descriptor: the parts that were asked for ([MS-SMB2] §3.3.5.20.3). */
import { ACCESS_SYSTEM_SECURITY, READ_CONTROL } from '../access.ts';
import type { SmbCall } from '../command.ts';
import type { QueryInfoRequest, QueryOutcome } from '../commands/query-info.ts';
import type { Open } from '../open.ts';
import {
  DACL_SECURITY_INFORMATION,
  encodeDescriptor,
  GROUP_SECURITY_INFORMATION,
  LABEL_SECURITY_INFORMATION,
  OWNER_SECURITY_INFORMATION,
  SACL_SECURITY_INFORMATION,
  selectParts,
} from '../security/descriptor.ts';
import { descriptorOf } from '../security/stored.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_FILE_CLOSED,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_SUCCESS,
} from '../status.ts';

const READABLE =
  OWNER_SECURITY_INFORMATION |
  GROUP_SECURITY_INFORMATION |
  DACL_SECURITY_INFORMATION |
  LABEL_SECURITY_INFORMATION;

export function querySecurity(call: SmbCall, open: Open, request: QueryInfoRequest): QueryOutcome {
  if (open.kind !== 'file') return { status: STATUS_INVALID_DEVICE_REQUEST };
  const { additional, outputSizeMax } = request;
  if ((additional & READABLE) !== 0 && (open.granted & READ_CONTROL) === 0) {
    return { status: STATUS_ACCESS_DENIED };
  }
  const asksSacl = (additional & SACL_SECURITY_INFORMATION) !== 0;
  if (asksSacl && (open.granted & ACCESS_SYSTEM_SECURITY) === 0) {
    return { status: STATUS_ACCESS_DENIED };
  }
  const { tree } = open.volume;
  const inode = tree.inode(open.file);
  if (inode === undefined) return { status: STATUS_FILE_CLOSED };
  call.see(inode);
  const whole = descriptorOf(call.scene.domain, tree, inode);
  const data = encodeDescriptor(selectParts(whole, additional));
  if (data.length <= outputSizeMax) return { status: STATUS_SUCCESS, response: { data } };
  const errorData = Buffer.alloc(4);
  errorData.writeUInt32LE(data.length);
  return { status: STATUS_BUFFER_TOO_SMALL, errorData };
}
