/**
 * Files that stay without a name because somebody has them open go with their last open. Who closes one in a command
 * releases it there; here those are released whose opens ended otherwise: with the box before, or by a time-out.
 */
import type { Group } from '#core/group/group.ts';
import { releaseOrphans } from '#core/group/orphans.ts';
import type { OpensManager } from '#core/opens/opens.ts';
import type { HeldOpen } from '#core/opens/types.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { FileId } from '#core/vfs/inode.ts';

/** Milliseconds to the next try while a planned move lets nothing in. */
const RETRY_MS = 20;

type OrphanOpens = Pick<OpensManager, 'hasOpens' | 'onGone'>;
type OrphanGroup = Pick<
  Group,
  'serving' | 'accepting' | 'begin' | 'seal' | 'abandon' | 'volume' | 'volumes'
>;

export class Orphans {
  readonly #group: OrphanGroup;
  readonly #opens: OrphanOpens;
  readonly #clock: Clock;
  #isDue = false;
  readonly #isOpen = (volume: number, file: FileId) => this.#opens.hasOpens({ volume, file });

  constructor(group: OrphanGroup, opens: OrphanOpens, clock: Clock) {
    this.#group = group;
    this.#opens = opens;
    this.#clock = clock;
    opens.onGone((open) => {
      if (this.#isOfOrphan(open)) this.releaseLater();
    });
  }

  /** Releases, after this turn, all that nobody has open. */
  releaseLater(delayMs = 0): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.after(delayMs, () => {
      this.#isDue = false;
      if (!this.#group.serving) return;
      if (!this.#group.accepting) {
        this.releaseLater(RETRY_MS);
        return;
      }
      const before = this.#count();
      releaseOrphans(this.#group, this.#isOpen);
      // It releases so many at a time.
      const after = this.#count();
      if (after > 0 && after < before) this.releaseLater();
    });
  }

  #count(): number {
    return this.#group.volumes().reduce((sum, { tree }) => sum + tree.orphans().length, 0);
  }

  #isOfOrphan({ volume, file }: HeldOpen): boolean {
    const tree = this.#group.volume(volume)?.tree;
    const inode = tree?.inode(file);
    const base = inode?.kind === 'stream' ? tree?.inode(inode.parent) : inode;
    return base?.nlink === 0;
  }
}
