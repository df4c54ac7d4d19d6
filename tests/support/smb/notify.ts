/** CHANGE_NOTIFY as the client of the tests writes and reads it ([MS-SMB2] §2.2.35, §2.2.36; [MS-FSCC] §2.7.1). */
import type { FileHandle } from '#plugins/protocol/smb/open.ts';
import { writeFileId } from '#plugins/protocol/smb/wire/file-id.ts';
import type { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import type { SmbMount } from './mount.ts';
import { type Answer, Gone } from './wire.ts';

export interface Change {
  readonly action: number;
  readonly name: string;
}

const CHANGE_NOTIFY = 0x000f;
const SIZE = 65_536;
/** Names, attributes, size, times, creation. */
const FILTER_ALL = 0x5f;

/** Waits for changes in a folder; `isWaiting` runs when the server has said that it does. */
export async function awaitChanges(
  mount: SmbMount,
  id: FileHandle,
  isWaiting: () => void,
): Promise<readonly Change[]> {
  const { wire, options } = await mount.linked();
  const answer = await wire.exchange(
    CHANGE_NOTIFY,
    (to) => {
      to.u16(32);
      to.u16(0);
      to.u32(SIZE);
      writeFileId(to, id);
      to.u32(FILTER_ALL);
      to.u32(0);
    },
    { ...options(false), payload: SIZE, pending: isWaiting },
  );
  return changesOf(answer);
}

function changesOf({ status, from }: Answer): readonly Change[] {
  if (status !== 0) throw new Gone(`CHANGE_NOTIFY: NTSTATUS ${status.toString(16)}`);
  from.structureSize(9);
  const [offset, size] = [from.u16(), from.u32()];
  return entriesOf(from.at(offset, size, 'changes'));
}

function entriesOf(bytes: ReturnType<SmbReader['at']>): readonly Change[] {
  const changes: Change[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = bytes.readUInt32LE(at);
    const length = bytes.readUInt32LE(at + 8);
    const name = bytes.subarray(at + 12, at + 12 + length).toString('utf16le');
    changes.push({ action: bytes.readUInt32LE(at + 4), name });
    if (next === 0) break;
    at += next;
  }
  return changes;
}
