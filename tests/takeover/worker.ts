/** One worker: acts at random in a folder of its own, and compares everything when asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NFS3_OK } from '#plugins/protocol/nfs/v3/status.ts';
import { type Actor, newFile } from './actor.ts';
import { getattrGone, getattrHeld, lookup, readdir } from './acts-of-looking.ts';
import { changeMode, readSome, truncate, writeBurst, writeStable } from './acts-on-content.ts';
import {
  create,
  createExclusive,
  link,
  mkdir,
  remove,
  rename,
  rmdir,
  symlink,
} from './acts-on-names.ts';
import { setName } from './model.ts';
import { verify } from './verify.ts';

type Act = (actor: Actor) => Promise<void>;

/** How often each comes, in so many. */
const ACTS: readonly (readonly [act: Act, weight: number])[] = [
  [create, 8],
  [createExclusive, 4],
  [symlink, 2],
  [link, 3],
  [remove, 8],
  [mkdir, 2],
  [rmdir, 2],
  [rename, 8],
  [writeStable, 8],
  [writeBurst, 8],
  [truncate, 3],
  [changeMode, 2],
  [readSome, 6],
  [getattrHeld, 6],
  [getattrGone, 2],
  [lookup, 4],
  [readdir, 3],
];
const HAT = ACTS.flatMap(([act, weight]) => Array.from({ length: weight }, () => act));
const VETERANS = 3;
const MODE = 0o644;
/** Milliseconds between two acts, at most: a client that thinks, and two cores that have boxes to run besides. */
const THINK_MS_MAX = 4;

export class Worker {
  readonly actor: Actor;
  readonly #asked: (() => void)[] = [];
  #stopping = false;

  acts = 0;

  constructor(actor: Actor) {
    this.actor = actor;
  }

  /** Makes the files whose handles are held to the end. */
  async prepare(): Promise<void> {
    const { actor } = this;
    for (let index = 0; index < VETERANS; index += 1) {
      const name = `veteran-${index}`;
      const answer = await actor.nfs.create(actor.top.handle, name, 'guarded', { mode: MODE });
      const spot = { folder: actor.top, name, node: undefined };
      actor.made(`CREATE ${name}`, spot, answer, (made) => newFile(made, MODE));
      const node = actor.top.names.get(name);
      if (node?.kind !== 'file') return actor.fail(`${name}: not made`);
      actor.veterans.push(node);
      const data = actor.stamp(1000);
      const written = await actor.nfs.write(node.handle, 0, data);
      actor.expect(`WRITE ${name}`, written.status, NFS3_OK);
      node.content = data;
      setName(actor.top, name, node);
    }
  }

  /** Resolves after `stop`; rejects with the first thing that is not as it must be. */
  async run(): Promise<void> {
    const { actor } = this;
    try {
      while (!this.#stopping) {
        await actor.dice.pick(HAT)(actor);
        this.acts += 1;
        await this.#compareWhereAsked();
        await sleep(actor.dice.below(THINK_MS_MAX));
      }
      await this.#compareWhereAsked();
    } catch (cause) {
      const history = actor.history.map((line) => `    ${line}`).join('\n');
      throw new Error(`${(cause as Error).message}\n  its last acts:\n${history}`, { cause });
    }
  }

  /** Resolves when everything was compared, between two acts. */
  compared(): Promise<void> {
    return new Promise((done) => this.#asked.push(done));
  }

  stop(): void {
    this.#stopping = true;
  }

  async #compareWhereAsked(): Promise<void> {
    const asked = this.#asked.splice(0);
    if (asked.length === 0) return;
    await verify(this.actor);
    for (const done of asked) done();
  }
}
