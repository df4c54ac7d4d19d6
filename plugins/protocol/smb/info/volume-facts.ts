/** Gathers what the classes of a volume tell (file-system.ts). */
import type { ServedVolume } from '#core/group/group.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import type { DiskShare } from '../tree-connect.ts';
import type { VolumeFacts } from './file-system.ts';

/** The first half of the stored id: the same on every box. */
export function volumeSerialOf(volume: ServedVolume): bigint {
  return BigInt(`0x${volume.record.fsid.slice(0, 16)}`);
}

/** UTF-16 units of a component: what clients are told and no file system here has more of. */
const NAME_LENGTH_MAX = 255;

export function volumeFactsOf(share: DiskShare): VolumeFacts {
  const { volume } = share;
  const space = volume.space();
  const root = volume.tree.inode(ROOT_ID);
  return {
    label: share.name,
    serial: volumeSerialOf(volume),
    created: root?.btime ?? { seconds: 0, nanoseconds: 0 },
    total: space.sizeTotal,
    free: space.sizeFree,
    available: space.sizeFree,
    readOnly: share.readOnly,
    nameMax: NAME_LENGTH_MAX,
  };
}
