/** One box's part in the group: member, state and service, wired to link, addresses and control. */
import type { Addresses, Claim } from '#core/addresses.ts';
import { parse } from '#core/config.ts';
import type { Control } from '#core/control.ts';
import type { Arbiter } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type Link } from '#core/group/link.ts';
import { Member } from '#core/group/member.ts';
import type { RegistryChange } from '#core/group/registry.ts';
import { Requests } from '#core/group/requests.ts';
import { GroupService, REBOOTED } from '#core/group/service.ts';
import { State } from '#core/group/state.ts';
import { UNDER_WAY_SIZE, UnderWay } from '#core/group/under-way.ts';
import type { ServerIdentities, Shares, Users } from '#core/group/users.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock, InstantMs, Timer } from '#core/ports/clock.ts';
import type { Disk } from '#core/ports/disk.ts';
import type { Random } from '#core/ports/random.ts';
import type { Scratch } from '#core/ports/scratch.ts';
import type { Store } from '#core/ports/store.ts';
import type { Stats } from '#core/stats.ts';
import type { VolumeLimits } from '#core/volume/backend.ts';
import type { Backends } from '#core/volume/backends.ts';
import { identitiesOf, sharesOf, usersOf } from './accounts.ts';
import { ClusterKey } from './cluster-key.ts';
import { type Command, commands } from './commands.ts';
import { digestVolume } from './digest.ts';
import { KeyExchange } from './key-exchange.ts';
import { put } from './orders.ts';
import { AddressQuestion, ControlQuestion, PrepareQuestion, SyncQuestion } from './questions.ts';
import { statusOf } from './status.ts';

/** Milliseconds between checkpoints: what a power cut makes a box replay or fetch again. */
const CHECKPOINT_MS = 10_000;
/** Milliseconds for which committed entries may wait for others to be folded into the store with them. */
const FOLD_MS = 200;
/** Bytes that the store's file may grow by before a checkpoint lets it use its pages anew. */
const UNFLUSHED_SIZE_MAX = 256 * 1024 * 1024;
/** Bytes of the secret that handles are sealed with. */
const HANDLE_SECRET_SIZE = 16;
const VERIFIER_SIZE = 8;
/** Bytes of ServerGuid ([MS-SMB2] §2.2.4). */
const GUID_SIZE = 16;
/** Milliseconds between looks whether another box should serve, and between tries to let it. */
const HEIR_MS = 50;
const HEIR_RETRY_MS = 1_000;
/**
 * Milliseconds that a lease may have run out before this box takes its addresses off: a stumble costs nothing, and
 * LEASE_MS and this together end well before SILENCE_MS, after which another box may have them.
 */
const DOUBT_MS_MAX = 500;

export interface ReplicationOptions {
  readonly self: BoxId;
  readonly cluster: string;
  readonly address: string;
  readonly members: readonly BoxId[];
  /** Where to reach the others, by name. */
  readonly peers: Readonly<Record<string, string>>;
  readonly rebooted: boolean;
}

export interface ReplicationDependencies {
  readonly addresses: Addresses;
  readonly arbiter: Arbiter;
  readonly backends: Backends;
  readonly clock: Clock;
  readonly control: Control;
  readonly disk: Disk;
  readonly link: Link;
  readonly log: Log;
  readonly random: Random;
  readonly scratch: Scratch;
  readonly stats: Stats;
  readonly store: Store;
}

export class Replication {
  readonly group: GroupService;
  readonly users: Users;
  readonly shares: Shares;
  readonly identities: ServerIdentities;
  readonly #key: ClusterKey;
  readonly #keys: KeyExchange;
  readonly #options: ReplicationOptions;
  readonly #deps: ReplicationDependencies;
  readonly #state: State;
  readonly #member: Member;
  readonly #requests: Requests;
  readonly #timers: Timer[] = [];
  #isGiving = false;
  readonly #claim: Claim;
  /** What the last power cut may have taken from everybody is told to clients once. */
  #verifierIsDue: boolean;

  constructor(options: ReplicationOptions, deps: ReplicationDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#verifierIsDue = options.rebooted;
    this.#requests = new Requests(deps.link, deps.clock);
    this.#state = new State(
      { self: options.self, rebooted: options.rebooted },
      {
        store: deps.store,
        backends: deps.backends,
        underWay: new UnderWay(deps.scratch.open('under-way', UNDER_WAY_SIZE)),
        syncLog: () => this.#member.syncLog(),
        later: (delayMs, run) => {
          const attempt = () => this.#member.attempt(run);
          if (delayMs === 0) setImmediate(attempt);
          else deps.clock.after(delayMs, attempt);
        },
        log: deps.log,
      },
    );
    this.#member = this.#makeMember();
    const member = this.#member;
    this.#claim = {
      get view() {
        return member.view;
      },
      rank: options.members.indexOf(options.self),
      isSure: () => member.mayReply((deps.clock.now() - DOUBT_MS_MAX) as InstantMs),
    };
    this.group = new GroupService({
      self: options.self,
      member: this.#member,
      state: this.#state,
      requests: this.#requests,
      clock: deps.clock,
      random: deps.random,
      disk: deps.disk,
    });
    const { registry } = this.#state;
    this.#key = new ClusterKey(deps.disk, deps.random);
    this.#keys = new KeyExchange({
      key: this.#key,
      requests: this.#requests,
      clock: deps.clock,
      log: deps.log,
      others: options.members.filter((box) => box !== options.self),
      identity: () => registry.identity,
    });
    this.users = usersOf(registry, this.#key);
    this.shares = sharesOf(registry);
    this.identities = identitiesOf(registry);
  }

  async start(): Promise<void> {
    const { link, clock } = this.#deps;
    this.#answer();
    this.#offerCommands();
    this.#offerStatistics();
    this.group.onServing((serving) => this.#serving(serving));
    this.group.onRegistry(() => {
      this.#claimAddresses();
      this.#keys.want();
    });
    this.#claimAddresses();
    this.#keys.want();
    link.handle(CHANNEL.group, {
      frame: (peer, frame) => this.#member.received(peer, frame),
      up: (peer) => this.#isMember(peer) && this.#member.linkUp(peer),
      down: (peer, closedByPeer) => {
        if (this.#isMember(peer)) this.#member.linkDown(peer, closedByPeer);
      },
    });
    await this.#member.start();
    this.#timers.push(
      clock.every(FOLD_MS, () => this.#member.attempt(() => this.#fold())),
      clock.every(CHECKPOINT_MS, () => void this.#checkpoint()),
      clock.every(HEIR_MS, () => this.#giveToHeir()),
    );
  }

  /** A planned move, which clients do not notice, before the unplanned one that the others would make. */
  async leave(): Promise<void> {
    const { log } = this.#deps;
    const { self } = this.#options;
    if (!this.group.serving) return;
    const heir = this.#member.configuration?.inSync.find(
      (box) => box !== self && this.#deps.link.isUp(box),
    );
    if (heir === undefined) return;
    const moved = await this.#member.move(heir);
    if (moved.ok) log.info(`box ${heir} serves now`);
    else log.warn(`not handed over to box ${heir}: ${moved.error}`);
  }

  /** This box has lost its clients' network: a box that has it, and everything that was changed, serves them. */
  #giveToHeir(): void {
    const { addresses, clock, log } = this.#deps;
    if (this.#isGiving || !this.group.serving) return;
    const inSync = this.#member.configuration?.inSync ?? [];
    const heir = addresses.heirs().find((box) => inSync.includes(box));
    if (heir === undefined) return;
    this.#isGiving = true;
    void this.#member.move(heir).then((moved) => {
      if (moved.ok) log.warn(`this box has lost the clients' network; box ${heir} serves now`);
      else log.warn(`the clients' network is lost, and box ${heir} cannot serve: ${moved.error}`);
      clock.after(HEIR_RETRY_MS, () => {
        this.#isGiving = false;
      });
    });
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#keys.stop();
    // A checkpoint syncs the log, which the member closes.
    await this.#checkpoint();
    await this.#member.stop();
    this.#deps.addresses.hold(undefined);
    await this.#state.close();
  }

  #isMember(peer: BoxId): boolean {
    return this.#options.members.includes(peer);
  }

  #makeMember(): Member {
    const { self, members, rebooted } = this.#options;
    const { arbiter, clock, disk, link, log, random } = this.#deps;
    return new Member(
      {
        self,
        members,
        founder: members[0] === self,
        mayHaveLostTail: rebooted && this.#hasMemoryVolume(),
        mayHaveLostContent: rebooted,
      },
      {
        arbiter,
        clock,
        disk,
        report: log,
        state: this.#state,
        random,
        transport: { send: (peer, parts) => link.send(peer, CHANNEL.group, parts) },
        // After everything that came with the same read, so that it goes out together.
        defer: (run) => process.nextTick(run),
      },
    );
  }

  #hasMemoryVolume(): boolean {
    return this.#state.registry.volumes.some((record) => record.durability === 'memory');
  }

  #serving(serving: boolean): void {
    const { addresses, log, random } = this.#deps;
    // Before anybody closes a connection: of its end nobody is to hear.
    if (!serving) addresses.hold(undefined);
    log.info(serving ? 'serves now' : 'does not serve', { view: this.group.view });
    if (!serving) return;
    if (this.#state.registry.handleKeys.length === 0) {
      const secret = random.bytes(HANDLE_SECRET_SIZE).toString('hex');
      void this.#order({ kind: 'put-handle-key', record: { id: 0, secret } });
    }
    if (this.#state.registry.identity === undefined) {
      const guid = random.bytes(GUID_SIZE).toString('hex');
      const domain = [random.u32(), random.u32(), random.u32()] as const;
      const record = { guid, domain, keyId: this.#key.make() };
      void this.#order({ kind: 'put-server-identity', record });
    }
    if (!this.#verifierIsDue) return;
    const verifier = random.bytes(VERIFIER_SIZE).toString('hex');
    void this.#order({ kind: 'put-verifier', verifier }).then((isDone) => {
      if (isDone) this.#verifierIsDue = false;
    });
  }

  /** What this box changes by itself when it begins to serve; replaced before it is committed, it does so the next time. */
  async #order(change: RegistryChange): Promise<boolean> {
    try {
      await put(this, change);
      return true;
    } catch (cause) {
      this.#deps.log.warn(`${change.kind} was not committed`, { reason: (cause as Error).message });
      return false;
    }
  }

  #claimAddresses(): void {
    const { addresses } = this.#deps;
    addresses.know(this.group.addresses());
    addresses.hold(this.group.serving ? this.#claim : undefined);
  }

  #answer(): void {
    const requests = this.#requests;
    requests.answer('sync', async (params) => {
      const { volume, file } = parse('sync', SyncQuestion, params);
      await this.#state.volume(volume)?.backend.sync(file);
      return null;
    });
    requests.answer('prepare', (params) => {
      const { backend, path, volume, name } = parse('prepare', PrepareQuestion, params);
      return this.#prepare(backend, path, volume, name);
    });
    requests.answer('address', async (params) => {
      const place = parse('address', AddressQuestion, params);
      return (await this.#deps.addresses.check(place)) ?? null;
    });
  }

  #prepare(backend: string, path: string, volume: number, name: string): string | VolumeLimits {
    const factory = this.#deps.backends.get(backend);
    if (factory === undefined) {
      return `no backend "${backend}"; there are ${this.#deps.backends.names().join(', ')}`;
    }
    const place = { volume, volumeName: name, path };
    return factory.check(place) ?? factory.limits(place);
  }

  #offerCommands(): void {
    const { control, link } = this.#deps;
    const table = commands({
      self: this.#options.self,
      members: this.#options.members,
      group: this.group,
      member: this.#member,
      state: this.#state,
      random: this.#deps.random,
      requests: this.#requests,
      key: this.#key,
      handKey: () => this.#handKey(),
      prepare: (...place) => this.#prepare(...place),
      checkAddress: (place) => this.#deps.addresses.check(place),
    });
    for (const [name, command] of Object.entries(table)) {
      control.method(name, (params) => this.#onPrimary(name, command, params));
    }
    control.method('status', () =>
      statusOf({
        ...this.#options,
        member: this.#member,
        state: this.#state,
        link,
        stats: this.#deps.stats,
        addresses: this.#deps.addresses,
        asideEntries: (file) => countLines(this.#deps.disk.read(file)),
      }),
    );
    control.method('digest', () => this.#digest());
    control.method('override', () => this.#member.override());
    this.#requests.answer('control', (params) => {
      const { method, params: inner } = parse('control', ControlQuestion, params);
      const command = Object.hasOwn(table, method) ? table[method] : undefined;
      if (command === undefined) throw new Error(`${method}: no such command`);
      if (!this.group.serving) throw new Error('no box serves now; try again in a moment');
      return command(inner);
    });
  }

  async #handKey(): Promise<void> {
    const wanted = this.#state.registry.identity?.keyId;
    if (wanted === undefined || wanted !== this.#key.id) {
      throw new Error(
        "this box has not got the cluster's key yet; start a box that has, or try again in a moment",
      );
    }
    await this.#keys.hand(this.#member.required);
  }

  /** Carries a command out here or where the group is served. */
  #onPrimary(method: string, command: Command, params: unknown): unknown {
    if (this.group.serving) return command(params);
    const primary = this.#member.configuration?.primary;
    if (primary === undefined || primary === this.#options.self) {
      throw new Error('no box serves now; `understudy status` says why');
    }
    return this.#requests.ask(primary, 'control', { method, params });
  }

  async #digest(): Promise<object> {
    const volumes: Record<string, object> = {};
    for (const volume of this.#state.volumes()) {
      volumes[volume.record.name] = await digestVolume(volume, this.#deps.clock);
    }
    return { applied: this.#state.applied, volumes };
  }

  #offerStatistics(): void {
    const { stats } = this.#deps;
    stats.gauge(
      'group_committed',
      'Position up to which entries are committed',
      () => this.group.committed,
    );
    stats.gauge('group_staged', 'Position of the newest entry', () => this.#state.staged);
    stats.gauge('group_view', 'Number of the configuration', () => this.group.view);
    stats.gauge('group_serving', 'Whether this box serves', () => (this.group.serving ? 1 : 0));
  }

  #fold(): void {
    this.#state.fold();
    if (this.#deps.store.unflushedSize > UNFLUSHED_SIZE_MAX) void this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    // A backup has fetched again what its machine may have lost; clients of a primary have been told.
    const isMadeGood = !this.#verifierIsDue || this.#member.status().role === 'backup';
    try {
      await this.#state.checkpoint();
      if (isMadeGood && this.#deps.disk.read(REBOOTED) !== undefined) {
        this.#deps.disk.remove(REBOOTED);
      }
    } catch (cause) {
      this.#deps.log.error('checkpoint failed; a power cut now may cost a comparison', {
        cause: (cause as Error).message,
      });
    }
  }
}

/** A file set aside has one entry a line. */
function countLines(bytes: Buffer | undefined): number {
  let count = 0;
  for (const byte of bytes ?? []) if (byte === 0x0a) count += 1;
  return count;
}
