/** FSCTL_SRV_REQUEST_RESUME_KEY: what names an open in a copy ([MS-SMB2] §2.2.32.3, §3.3.5.15.5). */
import type { SmbCall } from '../command.ts';
import type { FileOpen } from '../open.ts';
import { STATUS_INVALID_PARAMETER, STATUS_SUCCESS } from '../status.ts';
import type { Fsctl } from './fsctl.ts';

export const RESUME_KEY_SIZE = 24;
/** The key, the length of a context, which is empty, and room for one. */
const OUTPUT_SIZE = RESUME_KEY_SIZE + 8;

export const requestResumeKey: Fsctl = {
  name: 'FSCTL_SRV_REQUEST_RESUME_KEY',
  code: 0x0014_0078,
  on: 'file',

  handle(_call, { outputSizeMax }, open) {
    if (outputSizeMax < OUTPUT_SIZE) return { status: STATUS_INVALID_PARAMETER };
    const output = Buffer.alloc(OUTPUT_SIZE);
    output.writeBigUInt64LE(open.id.persistent, 0);
    output.writeBigUInt64LE(open.id.volatile, 8);
    return { status: STATUS_SUCCESS, response: { output } };
  },
};

/** The open behind a key: one of this session, on whatever share. */
export function openOfKey(call: SmbCall, key: Buffer): FileOpen | undefined {
  const persistent = key.readBigUInt64LE(0);
  const volatile = key.readBigUInt64LE(8);
  const open = call.scene.table.at(volatile);
  if (open?.kind !== 'file' || open.session.id !== call.session.id) return undefined;
  return open.id.persistent === persistent ? open : undefined;
}
