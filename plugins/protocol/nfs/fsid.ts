/** A volume's fsid as NFSv3 shows it: the first 8 bytes of the stored one, in two halves. */
import type { ServedVolume } from '#core/group/group.ts';

export interface Fsid {
  readonly high: number;
  readonly low: number;
}

const known = new WeakMap<ServedVolume, Fsid>();

export function fsidOf(volume: ServedVolume): Fsid {
  let fsid = known.get(volume);
  if (fsid === undefined) {
    const hex = volume.record.fsid;
    fsid = {
      high: Number.parseInt(hex.slice(0, 8), 16),
      low: Number.parseInt(hex.slice(8, 16), 16),
    };
    known.set(volume, fsid);
  }
  return fsid;
}
