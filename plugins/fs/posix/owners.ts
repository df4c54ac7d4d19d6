/** Whether owners can be set here: root can, unless it is root of a container only. Found out at the first refusal. */
import type { Log } from '#core/log-line.ts';
import { codeOf } from './status.ts';

export class Owners {
  #canSet: boolean;
  readonly #log: Log;

  constructor(isRoot: boolean, log: Log) {
    this.#canSet = isRoot;
    this.#log = log;
  }

  /** Calls `dress` with whether to set owners; a second time without, where that was refused. */
  dress(dress: (owners: boolean) => void): void {
    try {
      dress(this.#canSet);
    } catch (error) {
      if (!this.#canSet || codeOf(error) !== 'EPERM') throw error;
      this.#canSet = false;
      this.#log.warn(
        'owners cannot be set in this folder; its files keep the owner of this process',
      );
      dress(false);
    }
  }
}
