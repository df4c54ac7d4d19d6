/** Files that somebody else put where one of ours belongs: moved out of the way, never thrown away. */
import { readdirSync, renameSync } from 'node:fs';
import type { Log } from '#core/log-line.ts';
import { bytesOf, type Layout, textOf } from './layout.ts';
import { statAt } from './nodes.ts';

/** Bytes of a stranger's name that are kept, so that a number fits behind it. */
const NAME_KEPT_MAX = 240;

export class Strangers {
  readonly #layout: Layout;
  readonly #log: Log;

  constructor(layout: Layout, log: Log) {
    this.#layout = layout;
    this.#log = log;
  }

  setAside(path: string): void {
    const name = path.slice(path.lastIndexOf('/') + 1).slice(0, NAME_KEPT_MAX);
    let number = 1;
    while (statAt(this.#layout.in('strangers', `${name}-${number}`)) !== undefined) number += 1;
    const target = this.#layout.in('strangers', `${name}-${number}`);
    renameSync(bytesOf(path), bytesOf(target));
    this.#log.warn('something that Understudy did not put there was in the way; moved aside', {
      path: textOf(path),
      target: textOf(target),
    });
  }

  /** Everything in a directory of ours that is to go: the volume knows of nothing in it. */
  setAsideAllIn(directory: string): void {
    for (const name of readdirSync(bytesOf(directory), { encoding: 'buffer' })) {
      this.setAside(`${directory}/${name.toString('latin1')}`);
    }
  }
}
