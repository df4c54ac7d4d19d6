/**
 * Objects made before they have a name, because a handle names the box's own object and is given out first. Where
 * that cannot be (no kernel handles, or a kind whose making needs more than is known yet), the handle is a random
 * token that the table remembers.
 */
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import type { Clock } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import type { KernelHandle } from '#core/ports/syscalls.ts';
import type { FileKind } from '#core/vfs/inode.ts';
import { bytesOf, hexOf, type Layout } from './layout.ts';
import { statAt } from './nodes.ts';
import type { Objects } from './objects.ts';

const TOKEN_SIZE = 8;
/** Seconds after which an object that never got a name is removed at the start: its entry was refused. */
const UNUSED_SECONDS_MAX = 24 * 60 * 60;

export class Reserved {
  readonly #layout: Layout;
  readonly #objects: Objects;
  readonly #random: Random;

  constructor(layout: Layout, objects: Objects, random: Random) {
    this.#layout = layout;
    this.#objects = objects;
    this.#random = random;
  }

  make(kind: FileKind): string {
    const token = this.token();
    if (kind !== 'file' && kind !== 'directory') return token;
    const path = this.path(token);
    if (kind === 'directory') mkdirSync(bytesOf(path), 0o700);
    else closeSync(openSync(bytesOf(path), 'wx', 0o600));
    const handle = this.#objects.handleAt(path);
    if (handle === undefined) return token;
    const local = localHandleOf(handle);
    renameSync(bytesOf(path), bytesOf(this.path(local)));
    return local;
  }

  token(): string {
    return this.#random.bytes(TOKEN_SIZE).toString('latin1');
  }

  path(local: string): string {
    return this.#layout.in('reserved', hexOf(local));
  }

  /** Removes what was reserved long ago and never used. */
  sweep(clock: Clock): void {
    const before = clock.wall().seconds - UNUSED_SECONDS_MAX;
    for (const name of readdirSync(bytesOf(this.#layout.folder('reserved')), 'latin1')) {
      const path = this.#layout.in('reserved', name);
      const stat = statAt(path);
      if (stat === undefined || stat.mtimeMs / 1000 > before) continue;
      rmSync(bytesOf(path), { recursive: true, force: true });
    }
  }
}

/** How a kernel handle is written as a local handle, byte string. */
export function localHandleOf(handle: KernelHandle): string {
  return String.fromCharCode(handle.type) + handle.bytes.toString('latin1');
}
