/**
 * Files that stay without a name because somebody has them open go with their last open. Who closes one in a command
 * releases it there; here those are released whose opens ended otherwise: with the box before, or by a time-out.
 */
import type { Group, ServedVolume } from '#core/group/group.ts';
import type { OpensManager } from '#core/opens/opens.ts';
import type { HeldOpen } from '#core/opens/types.ts';
import type { Clock } from '#core/ports/clock.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import type { FileId } from '#core/vfs/inode.ts';
import { release } from '#core/volume/operations/release.ts';

/** Milliseconds to the next try while a planned move lets nothing in. */
const RETRY_MS = 20;

type OrphanOpens = Pick<OpensManager, 'hasOpens' | 'onGone'>;
type OrphanGroup = Pick<Group, 'serving' | 'accepting' | 'begin' | 'seal' | 'volume' | 'volumes'>;

export class Orphans {
  readonly #group: OrphanGroup;
  readonly #opens: OrphanOpens;
  readonly #clock: Clock;
  #isDue = false;

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
      if (this.#group.accepting) this.#release();
      else this.releaseLater(RETRY_MS);
    });
  }

  #release(): void {
    for (const volume of this.#group.volumes()) {
      for (const file of volume.tree.orphans()) {
        if (this.#isOpen(volume, file)) continue;
        // An entry each: a file's streams may fill one.
        this.#group.begin().change(release, volume, ROOT_CALLER, { file });
        this.#group.seal(undefined);
      }
    }
  }

  #isOpen({ record, tree }: ServedVolume, file: FileId): boolean {
    const isOpen = (id: FileId) => this.#opens.hasOpens({ volume: record.id, file: id });
    return isOpen(file) || tree.streams(file).some(({ id }) => isOpen(id));
  }

  #isOfOrphan({ volume, file }: HeldOpen): boolean {
    const tree = this.#group.volume(volume)?.tree;
    const inode = tree?.inode(file);
    const base = inode?.kind === 'stream' ? tree?.inode(inode.parent) : inode;
    return base?.nlink === 0;
  }
}
