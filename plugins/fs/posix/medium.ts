/** The file system that the volume is on, as a whole: how full it is, and when it is flushed. */
import { closeSync, fsync, openSync, statfsSync, statSync, writeSync } from 'node:fs';
import type { Clock, InstantMs } from '#core/ports/clock.ts';
import type { Syscalls } from '#core/ports/syscalls.ts';
import type { Space } from '#core/volume/backend.ts';
import { hasJournal } from './journal.ts';
import { bytesOf, type Layout } from './layout.ts';

/** Milliseconds for which an answer about free space is given again. */
const SPACE_AGE_MS_MAX = 1000;
/** `f_type` of statfs(2): where one of these has a journal, flushing one changed file flushes every earlier change of names. */
const EXT = 0xef53;
const XFS = 0x58465342;

/** tmpfs. */
const MEMORY = 0x01021994;

export class Medium {
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #syscalls: Syscalls;
  readonly #isOrdered: boolean;
  /** The file system is memory itself. */
  readonly isMemory: boolean;
  #space: Space | undefined;
  #asked: InstantMs;

  constructor(layout: Layout, clock: Clock, syscalls: Syscalls) {
    this.#layout = layout;
    this.#clock = clock;
    this.#syscalls = syscalls;
    this.#asked = clock.now();
    const root = bytesOf(layout.root);
    const { type } = statfsSync(root);
    this.#isOrdered = type === XFS || (type === EXT && hasJournal(statSync(root).dev));
    this.isMemory = type === MEMORY;
  }

  space(): Space {
    const now = this.#clock.now();
    if (this.#space !== undefined && now - this.#asked < SPACE_AGE_MS_MAX) return this.#space;
    const stat = statfsSync(bytesOf(this.#layout.root));
    this.#asked = now;
    this.#space = {
      sizeTotal: stat.bsize * stat.blocks,
      sizeFree: stat.bsize * stat.bavail,
      filesTotal: stat.files,
      filesFree: stat.ffree,
    };
    return this.#space;
  }

  /** Resolves when every name and attribute set so far survives a power cut. Contents are flushed by their files. */
  async flushNames(rootFd: number): Promise<void> {
    if (this.#isOrdered) await this.#flushJournal();
    else await this.#syscalls.syncFilesystem(rootFd);
  }

  /** syncfs(2) would flush everything, of other programs too. */
  #flushJournal(): Promise<void> {
    const fd = openSync(bytesOf(`${this.#layout.corner}/checkpoint`), 'w', 0o600);
    return new Promise((resolve, reject) => {
      writeSync(fd, `${this.#clock.wall().seconds}\n`);
      fsync(fd, (error) => {
        closeSync(fd);
        if (error === null) resolve();
        else reject(error);
      });
    });
  }
}
