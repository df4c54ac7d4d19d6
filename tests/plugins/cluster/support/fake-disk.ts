/** Small files in memory. What `replace` wrote survives everything; a full disk takes nothing. */
import { type AppendFile, type Disk, DiskError } from '#core/ports/disk.ts';

export class FakeDisk implements Disk {
  readonly files = new Map<string, Buffer>();
  isFull = false;
  replaces = 0;

  open(): AppendFile {
    throw new Error('fake disk: has no append files');
  }

  list(path: string): readonly string[] {
    const prefix = `${path}/`;
    return [...this.files.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .sort();
  }

  remove(path: string): void {
    this.files.delete(path);
  }

  read(path: string): Buffer | undefined {
    return this.files.get(path);
  }

  replace(path: string, bytes: Uint8Array): void {
    if (this.isFull) throw new DiskError('the disk is full', true);
    this.replaces += 1;
    this.files.set(path, Buffer.from(bytes));
  }

  checksum(): number {
    return 0;
  }

  free(): number {
    return this.isFull ? 0 : 1e9;
  }
}
