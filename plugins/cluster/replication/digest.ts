/**
 * One number for all that a volume holds on this box: every name, every attribute that clients see, every byte, of
 * streams and of files without a name too. Two boxes at the same position must agree.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Clock } from '#core/ports/clock.ts';
import { type FileId, type Inode, ROOT_ID } from '#core/vfs/inode.ts';
import type { Volume } from '#core/volume/volume.ts';

/** Bytes read at once. */
const CHUNK_SIZE = 256 * 1024;
/** Milliseconds of work before others get their turn: well below a heartbeat. */
const SLICE_MS = 10;

export interface Digest {
  readonly names: number;
  readonly files: number;
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

/** Walks the tree in the order of names while clients are served; meaningful only while nothing changes. */
export async function digestVolume(volume: Volume, clock: Clock): Promise<Digest> {
  const hash = createHash('sha256');
  const count = { names: 0, files: 0, bytes: 0 };
  const chunk = Buffer.allocUnsafe(CHUNK_SIZE);
  const seen = new Set<FileId>();
  const pending: FileId[] = [ROOT_ID];
  const yieldTurn = turns(clock);
  const digestContent = async (id: FileId, size: number): Promise<void> => {
    for (let offset = 0; offset < size; offset += CHUNK_SIZE) {
      const part = chunk.subarray(0, Math.min(CHUNK_SIZE, size - offset));
      await volume.read(id, offset, part);
      hash.update(part);
      count.bytes += part.length;
      await yieldTurn();
    }
  };
  /** What a file has beside its content. */
  const digestHeld = async ({ id, holds }: Inode): Promise<void> => {
    if (holds === 0) return;
    for (const kind of ['security', 'attribute'] as const) {
      for (const { name, value } of volume.catalog.extras(id, kind)) {
        hash.update(`${kind} ${value.length} `).update(name, 'latin1').update(value);
      }
    }
    for (const { name, id: stream } of volume.catalog.streams(id)) {
      hash.update(`stream ${stream} `).update(name, 'latin1').update('\n');
      const inode = hashInode(hash, volume, stream);
      if (inode !== undefined) await digestContent(stream, inode.size);
    }
  };
  /** A file, whatever its name, once. */
  const digestFile = async (inode: Inode): Promise<void> => {
    if (seen.has(inode.id)) return;
    seen.add(inode.id);
    await digestHeld(inode);
    if (inode.kind !== 'file') return;
    count.files += 1;
    await digestContent(inode.id, inode.size);
  };
  const root = hashInode(hash, volume, ROOT_ID);
  if (root !== undefined) await digestHeld(root);
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const { name, id, cookie } of volume.catalog.entries(directory)) {
      await yieldTurn();
      count.names += 1;
      hash.update(`${directory}/${cookie}/`).update(name, 'latin1').update('\n');
      const inode = hashInode(hash, volume, id);
      if (inode === undefined) continue;
      if (inode.kind === 'directory') pending.push(id);
      await digestFile(inode);
    }
  }
  for (const id of volume.catalog.orphans()) {
    const inode = hashInode(hash, volume, id);
    if (inode !== undefined) await digestFile(inode);
  }
  return { ...count, sha256: hash.digest('hex') };
}

function hashInode(hash: Hash, volume: Volume, id: FileId): Inode | undefined {
  const inode = volume.catalog.inode(id);
  hash.update(inode === undefined ? `missing ${id}` : JSON.stringify(inode)).update('\n');
  return inode;
}

/** Lets the event loop go round whenever a slice of time is used up. */
function turns(clock: Clock): () => Promise<void> | undefined {
  let since = clock.now();
  return () => {
    if (clock.now() - since < SLICE_MS) return undefined;
    return new Promise((resolve) => {
      clock.after(0, () => {
        since = clock.now();
        resolve();
      });
    });
  };
}
