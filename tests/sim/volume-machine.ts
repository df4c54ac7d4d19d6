/** Runs the real state and service in a box, over a store and a medium of the simulation, as plugins/cluster/replication does. */
import { readBody } from '#core/group/body.ts';
import type { Entry, Position } from '#core/group/entry.ts';
import type { Transaction } from '#core/group/group.ts';
import type { Member } from '#core/group/member.ts';
import { releaseOrphans } from '#core/group/orphans.ts';
import type { Durability, RegistryChange } from '#core/group/registry.ts';
import { Requests } from '#core/group/requests.ts';
import { GroupService } from '#core/group/service.ts';
import { State } from '#core/group/state.ts';
import { UNDER_WAY_SIZE, UnderWay } from '#core/group/under-way.ts';
import { SILENT } from '#core/log-line.ts';
import type { FileId } from '#core/vfs/inode.ts';
import { Backends } from '#core/volume/backends.ts';
import type { LocalTable } from '#core/volume/local-table.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import type { Host, Keeper, Machine } from './machine.ts';
import { Medium } from './medium.ts';
import { LIMITS, SimBackend } from './sim-backend.ts';
import { execute, type VolumeCall } from './volume-call.ts';

export const VOLUME = 1;
const SYNC_MS: readonly [number, number] = [0.2, 12];
const CHECKPOINT_MS: readonly [number, number] = [200, 1500];
const FOLD_MS: readonly [number, number] = [5, 400];
/** One entry in so many is left out where that is the rule to break. */
const SKIPPED_ONE_IN = 100;
/** One file in so many is open when its last name goes. */
const OPEN_ONE_IN = 4;

export interface VolumeKeeperOptions {
  /** Content outlives the process. */
  readonly persistent: boolean;
  readonly durability: Durability;
}

export class VolumeKeeper implements Keeper<VolumeMachine> {
  readonly options: VolumeKeeperOptions;
  store = new MemoryStore();
  medium = new Medium();
  underWay = Buffer.alloc(UNDER_WAY_SIZE);

  constructor(options: VolumeKeeperOptions) {
    this.options = options;
  }

  start(host: Host): VolumeMachine {
    return new VolumeMachine(this, host);
  }

  torn(): void {
    this.underWay = Buffer.from(this.underWay);
  }

  powerCut(chance: Pick<Host, 'below'>): void {
    this.store = this.store.crash();
    this.medium.powerCut(chance);
    this.underWay = Buffer.alloc(UNDER_WAY_SIZE);
  }
}

export class VolumeMachine implements Machine {
  readonly state: State;
  readonly keeper: VolumeKeeper;
  #service: GroupService | undefined;
  readonly #host: Host;
  #member: Member | undefined;
  readonly #requests: Requests;
  #verifierIsDue: boolean;
  #isMadeGood = false;

  constructor(keeper: VolumeKeeper, host: Host) {
    this.keeper = keeper;
    this.#host = host;
    this.#verifierIsDue = host.rebooted;
    this.#requests = new Requests(host.link, host.clock);
    const backends = new Backends();
    backends.add({
      name: 'sim',
      check: () => undefined,
      limits: () => LIMITS,
      open: (_options, table) => this.#open(table),
    });
    this.state = new State(
      { self: host.id, rebooted: host.rebooted },
      {
        store: keeper.store,
        backends,
        underWay: new UnderWay(keeper.underWay),
        later: (delayMs, run) => this.#host.later(delayMs, () => this.#member?.attempt(run)),
        syncLog: () => this.#member?.syncLog() ?? Promise.resolve(),
        log: SILENT,
      },
    );
    this.#break();
  }

  get service(): GroupService {
    return this.#service as GroupService;
  }

  attach(member: Member): void {
    this.#member = member;
    const { id, clock, random, disk } = this.#host;
    const settling = {
      get serving() {
        return member.serving;
      },
      get accepting() {
        return member.accepting;
      },
      get view() {
        return member.view;
      },
      get committed() {
        return member.committed;
      },
      get required() {
        return member.required;
      },
      refetch: member.refetch,
      propose: member.propose.bind(member),
      onServing: member.onServing.bind(member),
      afterCommit: (position: Position, run: () => void) =>
        member.afterCommit(position, () => {
          this.#host.settle();
          run();
        }),
    };
    this.#service = new GroupService({
      self: id,
      member: settling,
      state: this.state,
      requests: this.#requests,
      clock,
      random,
      disk,
    });
    this.#requests.answer('sync', async (params) => {
      const { volume, file } = params as { readonly volume: number; readonly file: FileId };
      await this.state.volume(volume)?.backend.sync(file);
      return null;
    });
    this.service.onServing((serving) => this.#serving(serving));
    this.service.onRemoval((_volume, file) => file % OPEN_ONE_IN === 0);
    this.#foldLater();
    this.#checkpointLater();
  }

  rests(): boolean {
    this.state.fold();
    return this.state.applied === this.state.staged;
  }

  idOf(body: Buffer): string | undefined {
    return readBody(body).reply?.key;
  }

  /** A call that changes something: its first reply, whoever executed it. */
  change(key: string, call: VolumeCall, reply: (bytes: Buffer) => void): void {
    const volume = this.service.volume(VOLUME);
    if (volume === undefined) return;
    const first = this.service.replies.find(key);
    if (first !== undefined) {
      this.#after(first.position as Position, () => reply(first.reply));
      return;
    }
    const transaction = this.service.begin();
    const { answer, data } = execute(transaction, volume, call);
    const bytes = Buffer.from(JSON.stringify(answer));
    putRow(transaction, key, bytes);
    const position = this.service.seal({ key, reply: bytes });
    this.#host.later(0.01, () => this.#host.logged(key));
    // The service may use the bytes of a write until it is committed; then they are somebody else's.
    if (data !== undefined) this.service.afterCommit(position, () => data.fill(0xee));
    this.#after(position, () => reply(bytes));
  }

  /** What a client sees of the tree, when that is committed. `look` returns the newest change that it saw. */
  read<T>(
    look: (volume: NonNullable<ReturnType<GroupService['volume']>>) => {
      readonly seen: number;
      readonly value: T;
    },
    reply: (value: T) => void,
  ): void {
    const volume = this.service.volume(VOLUME);
    if (volume === undefined) return;
    const { seen, value } = look(volume);
    this.#after(seen as Position, () => reply(value));
  }

  /** COMMIT: the write verifier of the moment after. */
  commit(file: FileId, reply: (verifier: string) => void): void {
    const volume = this.service.volume(VOLUME);
    if (volume === undefined) return;
    if (this.#host.broken === 'skip-sync') {
      this.#after(this.state.staged, () => reply(volume.writeVerifier.toString('hex')));
      return;
    }
    const change = volume.tree.inode(file)?.change ?? 0;
    const done = () =>
      this.#after(change as Position, () => reply(volume.writeVerifier.toString('hex')));
    this.service.sync(VOLUME, file).then(
      () => this.#host.later(0, done),
      (error: Error) => this.#host.fail(error),
    );
  }

  #after(position: Position, reply: () => void): void {
    if (this.#host.broken === 'reply-before-backup') reply();
    else this.service.afterCommit(position, reply);
  }

  #open(table: LocalTable): SimBackend {
    const { keeper } = this;
    if (!keeper.options.persistent) keeper.medium = new Medium();
    const syncs = (done: () => void): void =>
      this.#host.later(this.#host.between(...SYNC_MS), () => {
        this.#host.settle();
        done();
      });
    const torn = (): void => this.#host.torn();
    return new SimBackend(keeper.options.persistent, keeper.medium, table, syncs, torn);
  }

  #serving(serving: boolean): void {
    if (!serving) return;
    if (this.service.volumes().length === 0) this.#put(this.#volume());
    if (!this.#verifierIsDue) return;
    this.#verifierIsDue = false;
    const verifier = Buffer.alloc(8);
    verifier.writeUInt32BE(this.#host.random.u32());
    const position = this.#put({ kind: 'put-verifier', verifier: verifier.toString('hex') });
    this.service.afterCommit(position, () => {
      this.#isMadeGood = true;
    });
  }

  #put(change: RegistryChange): Position {
    this.service.begin().registry(change);
    return this.service.seal(undefined);
  }

  #volume(): RegistryChange {
    const members = Object.fromEntries(
      this.#host.members.map((id) => [id, { backend: 'sim', path: '' }]),
    );
    const { durability } = this.keeper.options;
    const record = { id: VOLUME, name: 'files', durability, fsid: '00'.repeat(16), limits: LIMITS };
    return { kind: 'put-volume', record: { ...record, members } };
  }

  #foldLater(): void {
    this.#host.later(this.#host.between(...FOLD_MS), () => {
      this.state.fold();
      if (this.service.accepting) releaseOrphans(this.service, () => this.#host.below(2) === 0);
      this.#foldLater();
    });
  }

  #checkpointLater(): void {
    this.#host.later(this.#host.between(...CHECKPOINT_MS), () => {
      this.#host.settle();
      const isMadeGood = this.#isMadeGood || this.#member?.status().role === 'backup';
      this.state.checkpoint().then(
        () => {
          if (isMadeGood) this.#host.madeGood();
          this.#checkpointLater();
        },
        (error: Error) => this.#host.fail(error),
      );
    });
  }

  /** Breaks the rule that is to be broken. */
  #break(): void {
    const { state } = this;
    const { broken } = this.#host;
    if (broken === 'skip-refetch') state.putContent = () => {};
    if (broken === 'skip-rows') {
      const stage = state.stage.bind(state);
      state.stage = (entry: Entry) => {
        const isSkipped = this.#host.below(SKIPPED_ONE_IN) === 0 && isSmall(entry);
        stage(isSkipped ? { ...entry, time: { ...entry.time, nanoseconds: 7 } } : entry);
      };
    }
    if (broken === 'forget-replies') {
      const { replies } = state;
      const keep = replies.keep.bind(replies);
      const stage = state.stage.bind(state);
      let forgets = false;
      replies.keep = (...args) => {
        if (!forgets) keep(...args);
      };
      state.stage = (entry: Entry) => {
        forgets = true;
        stage(entry);
        forgets = false;
      };
    }
  }
}

/** As a protocol that keeps something of a call for the box that serves next, and forgets it again. */
function putRow(transaction: Transaction, key: string, bytes: Buffer): void {
  const sum = [...key].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  if (sum % 3 === 0) transaction.put(`sim/${sum % 7}`, bytes);
  if (sum % 3 === 1) transaction.remove(`sim/${sum % 5}`);
}

function isSmall(entry: Entry): boolean {
  return entry.dataSize === 0;
}
