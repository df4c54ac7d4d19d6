/** Whether the calls that come may repeat what an earlier process did: from the start until the first fresh one. */
import type { FileId } from '#core/vfs/inode.ts';
import type { Replay } from '#core/volume/backend.ts';

export class Replaying {
  #isOn = true;
  /** Files that were not where the log says, with their inode numbers: looked for when the replay is over. */
  readonly lost = new Map<FileId, number>();
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  note(replay: Replay): void {
    if (replay !== 'fresh' || !this.#isOn) return;
    this.#isOn = false;
    this.#onEnd();
  }
}
