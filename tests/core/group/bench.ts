/** One box's state and service for tests: no network, no log; entries are committed by the test. */
import * as assert from 'uvu/assert';
import type { BoxId, Entry, Position, View } from '#core/group/entry.ts';
import type { Proposal } from '#core/group/member.ts';
import { Refetch } from '#core/group/refetch.ts';
import type { VolumeRecord } from '#core/group/registry.ts';
import { GroupService } from '#core/group/service.ts';
import { State } from '#core/group/state.ts';
import type { UnderWay } from '#core/group/under-way.ts';
import { SILENT } from '#core/log-line.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type Backend, BackendError } from '#core/volume/backend.ts';
import { Backends } from '#core/volume/backends.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { create } from '#core/volume/operations.ts';
import { SimDisk } from '../../sim/disk.ts';
import { FakeBackend, LIMITS } from '../volume/fake-backend.ts';
import { createArgs, recordOf, VOLUME } from '../volume/fixture.ts';

export const BOX = 'a' as BoxId;

/** A box without a network: what it seals is committed when the test says so. */
export class Bench {
  readonly entries: Entry[] = [];
  readonly state: State;
  readonly group: GroupService;
  readonly store: MemoryStore;
  readonly backend: FakeBackend;
  /** What the state has put off. */
  readonly deferred: (() => void)[] = [];
  /** Whether new volumes can be opened here. */
  opens = true;
  serving = true;
  inSync: readonly BoxId[] = [BOX];
  readonly refetch = new Refetch(new SimDisk((done) => done()));
  /** What other boxes answer. */
  ask = (): Promise<unknown> => Promise.reject(new Error('no link'));
  readonly #listeners: ((serving: boolean) => void)[] = [];
  #waiting: (() => void)[] = [];

  /** @param others The backend of volumes beside the first, where they have another. */
  constructor(
    store = new MemoryStore(),
    backend = new FakeBackend(),
    rebooted = false,
    persistent = true,
    lazy = false,
    underWay?: UnderWay,
    others?: FakeBackend,
  ) {
    const later = (_: number, run: () => void): void => {
      this.deferred.push(run);
    };
    Object.assign(backend.abilities, { persistent });
    this.store = store;
    this.backend = backend;
    const backends = new Backends();
    backends.add({
      name: 'fake',
      check: () => undefined,
      limits: () => LIMITS,
      open: ({ volume }): Backend => {
        if (!this.opens) throw new BackendError('fake: cannot be opened', 'io');
        return volume === VOLUME ? backend : (others ?? backend);
      },
    });
    this.state = new State(
      { self: BOX, rebooted },
      { store, backends, log: SILENT, ...(lazy ? { later } : {}), ...(underWay && { underWay }) },
    );
    this.group = new GroupService({
      self: BOX,
      state: this.state,
      member: this.#member(),
      requests: { ask: () => this.ask() } as never,
      clock: {
        now: () => 0 as never,
        wall: () => ({ seconds: 1_000, nanoseconds: 5 }),
        after: (_, run) => {
          const timer = setTimeout(run, 0);
          return { cancel: () => clearTimeout(timer) };
        },
        every: () => ({ cancel() {} }),
      },
      random: { bytes: (size) => Buffer.alloc(size), u32: () => 7 },
      disk: { free: () => 1 << 30 } as never,
    });
  }

  seal(change: (transaction: ReturnType<GroupService['begin']>) => void, key?: string): Position {
    change(this.group.begin());
    return this.group.seal(key === undefined ? undefined : { key, reply: Buffer.from('first') });
  }

  commit(): void {
    this.state.commit(this.state.staged);
    this.state.fold();
    for (const run of this.#waiting.splice(0)) run();
  }

  serve(): void {
    for (const listener of this.#listeners) listener(true);
  }

  /** Another box has taken over. */
  replace(): void {
    this.serving = false;
    this.#waiting = [];
    for (const listener of this.#listeners) listener(false);
  }

  volume() {
    const volume = this.group.volume(VOLUME);
    assert.ok(volume, 'no volume');
    return volume;
  }

  rows(): string[] {
    return this.store
      .range('', '\xff\xff', 10_000)
      .map(
        ({ key, value }) =>
          `${Buffer.from(key, 'latin1').toString('hex')} ${value.toString('hex')}`,
      );
  }

  #member() {
    const isServing = (): boolean => this.serving;
    const required = () => this.inSync.filter((box) => box !== BOX);
    return {
      get serving() {
        return isServing();
      },
      get accepting() {
        return isServing();
      },
      view: 1 as View,
      committed: 0 as Position,
      refetch: this.refetch,
      get required() {
        return required();
      },
      onServing: (listener: (serving: boolean) => void) => this.#listeners.push(listener),
      afterCommit: (_: Position, run: () => void) => this.#waiting.push(run),
      propose: (made: Proposal) => {
        assert.ok(this.serving, 'proposed while this box does not serve');
        const view = 1 as View;
        const commit = this.state.applied;
        this.entries.push({ ...made, view, commit, dataSize: made.data?.length ?? 0 });
      },
    } as never;
  }
}

export function founded(bench: Bench): Bench {
  const record: VolumeRecord = { ...recordOf(), durability: 'disk' };
  bench.seal((transaction) => transaction.registry({ kind: 'put-volume', record }));
  bench.commit();
  return bench;
}

/** Makes a file in the root, or is refused because it is there. */
export function make(bench: Bench, name: string, key?: string): Position {
  return bench.seal((transaction) => {
    const made = transaction.change(
      create,
      bench.volume(),
      ROOT_CALLER,
      createArgs(name, { how: 'guarded' }),
    );
    assert.ok(made.ok || made.error === 'exists');
  }, key);
}
