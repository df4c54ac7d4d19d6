/** Whether the calls that come may repeat what an earlier process did: from the start to the last one or a fresh one. */
import type { FileId } from '#core/vfs/inode.ts';
import type { Replay } from '#core/volume/backend.ts';

export class Replaying {
  #isOn = true;
  /** Files that were not where the log says, with their inode numbers: looked for when the replay is over. */
  readonly lost = new Map<FileId, number>();
  /** Files that stand somewhere in the table without having been looked at. */
  readonly unseen = new Set<FileId>();
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Before a call is made. */
  note(replay: Replay): void {
    if (replay === 'fresh') this.end();
  }

  /** After a call was made and the table brought up to date. */
  told(replay: Replay): void {
    if (replay === 'last') this.end();
  }

  /** Nothing comes any more that was told before. */
  end(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#onEnd();
  }
}
