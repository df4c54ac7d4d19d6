/** A share in use by a session ([MS-SMB2] §3.3.1.9), as far as commands ask for it. */
import type { ServedVolume } from '#core/group/group.ts';
import type { FileId } from '#core/vfs/inode.ts';

export interface DiskShare {
  readonly kind: 'disk';
  readonly name: string;
  readonly volume: ServedVolume;
  /** The folder of the volume that it offers. */
  readonly root: FileId;
  readonly readOnly: boolean;
}

/** IPC$: named pipes and nothing else. */
export interface PipeShare {
  readonly kind: 'pipe';
  readonly name: 'IPC$';
}

export interface TreeConnect {
  readonly id: number;
  readonly share: DiskShare | PipeShare;
  /** Requests to it must be encrypted. */
  readonly encrypts: boolean;
}
