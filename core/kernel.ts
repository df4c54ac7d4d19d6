/**
 * Starts plugins by need, stops them in reverse, draws its boot.
 *
 * Everything that can be wrong before the first start (options, needs, circles) is told by the constructor, all at
 * once. A start that fails or takes too long stops those that had started, in reverse, and is told with the
 * plugin, its needs and the milliseconds.
 *
 * Guests are plugins of third parties. Nothing of ours may depend on one, and whatever is wrong with one, at any time, is
 * told with its name and costs nobody but itself.
 */
import { type BootRow, type BootState, bootOrder, bootTree, printBoot } from './boot.ts';
import { checkOptions } from './config.ts';
import type { Log } from './log-line.ts';
import { didYouMean } from './nearest.ts';
import type { Plugin, PluginContext, Running } from './plugin.ts';
import type { Timer } from './ports/clock.ts';
import { ok, type Result } from './result.ts';
import type { ServiceKey } from './services.ts';
import { Services } from './services.ts';

/** Milliseconds for one start and one stop: slow disks replay a log in it, and nobody waits longer for an answer. */
const PHASE_MS_MAX = 10_000;
/** Milliseconds for one start and one stop of a guest, for which the box waits. */
const GUEST_MS_MAX = 1_500;
/** Milliseconds to hand over what others can go on with: a planned move takes up to `MOVE_MS_MAX`. */
const LEAVE_MS_MAX = 2_500;

/** What the kernel needs of a clock, before any plugin can offer one. */
export interface Timers {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  after(delayMs: number, run: () => void): Timer;
}

export interface KernelOptions {
  /** In start order among equals. */
  readonly plugins: readonly Plugin[];
  /** Plugins of third parties; among equals they start first, so that volumes find their backends. */
  readonly guests?: readonly Plugin[];
  /** Plugin id to its options, as the owner wrote them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly startMsMax?: number;
  readonly stopMsMax?: number;
  readonly guestMsMax?: number;
}

export interface KernelDependencies {
  readonly timers: Timers;
  readonly log: Log;
  /** What the program offers to plugins besides what they offer each other. */
  readonly services?: Services;
}

/** A sentence for the owner a line: what is wrong with plugins or options, or what did not start or stop. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  readonly sentences: readonly string[];
  constructor(sentences: readonly string[], cause?: unknown) {
    super(sentences.join('\n'), { cause });
    this.sentences = sentences;
  }
}

interface Slot {
  readonly plugin: Plugin;
  readonly isGuest: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  state: BootState;
  startedAt: number;
  ms: number;
  running: Running | undefined;
  /** Of a guest: what it did wrong before it had started. */
  dismissed: string | undefined;
}

export class Kernel {
  readonly services: Services;
  readonly #slots: readonly Slot[];
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #startMsMax: number;
  readonly #stopMsMax: number;
  readonly #guestMsMax: number;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** Starts nothing. Throws `KernelError` when these plugins cannot start in any order, or options are wrong. */
  constructor(options: KernelOptions, dependencies: KernelDependencies) {
    this.services = dependencies.services ?? new Services();
    this.#timers = dependencies.timers;
    this.#log = dependencies.log;
    this.#startMsMax = options.startMsMax ?? PHASE_MS_MAX;
    this.#stopMsMax = options.stopMsMax ?? PHASE_MS_MAX;
    this.#guestMsMax = options.guestMsMax ?? GUEST_MS_MAX;
    const { slots, refused } = plan(options, this.services);
    this.#slots = slots;
    for (const sentence of refused) this.#log.error(`guest left out: ${sentence}`);
  }

  /** Resolves when every plugin has started; otherwise rejects with `KernelError`, with everything stopped again. */
  start(): Promise<void> {
    this.#starting ??= this.#startAll();
    return this.#starting;
  }

  /** Stops what has started, in reverse. Rejects with `KernelError` when some did not stop; the others did. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Stops a guest that did wrong while it ran; the sentence goes to the log. One that still starts fails with it. */
  async dismiss(id: string, sentence: string): Promise<void> {
    const slot = this.#slots.find(({ plugin, isGuest }) => isGuest && plugin.id === id);
    if (slot?.state === 'starting') slot.dismissed ??= sentence;
    if (slot?.state !== 'started') return;
    this.#log.error(`guest stopped: ${id}: ${sentence}`);
    const mistake = await this.#stopOne(slot);
    if (mistake !== undefined) this.#log.error(mistake);
    slot.state = 'failed';
  }

  /** The boot as it stands, a row a plugin, each below the last of its needs. */
  boot(): readonly BootRow[] {
    return bootTree(
      this.#slots.map((slot) => slot.plugin),
      (plugin) => this.#look(plugin),
    );
  }

  /** The same as text, for people. */
  tree(): string {
    return printBoot(this.boot());
  }

  #look(plugin: Plugin): { readonly state: BootState; readonly ms: number } {
    const slot = this.#slots.find((other) => other.plugin === plugin);
    if (slot === undefined) return { state: 'waiting', ms: 0 };
    const isStarting = slot.state === 'starting';
    return { state: slot.state, ms: isStarting ? this.#timers.now() - slot.startedAt : slot.ms };
  }

  async #startAll(): Promise<void> {
    for (const slot of this.#slots) {
      if (this.#stopping !== undefined) return;
      try {
        await this.#startOne(slot);
      } catch (error) {
        if (!slot.isGuest) throw await this.#giveUp(slot, error);
        this.#log.error(`guest stopped: ${failure(slot, error)}`);
        await this.#stopOne(slot);
        slot.state = 'failed';
      }
    }
  }

  async #startOne(slot: Slot): Promise<void> {
    const { plugin } = slot;
    slot.state = 'starting';
    slot.startedAt = this.#timers.now();
    let isLate = false;
    const starting = Promise.resolve().then(() => plugin.start(this.#context(slot)));
    // A start that comes to its end after all has taken things that somebody must give back.
    const late = async (running: Running): Promise<void> => {
      if (isLate) await running.stop();
    };
    starting.then(late).catch((cause: unknown) => {
      if (isLate) this.#log.warn(`${plugin.id}: failed after its time`, { cause: reason(cause) });
    });
    try {
      const limitMs = slot.isGuest ? this.#guestMsMax : this.#startMsMax;
      slot.running = await this.#within(limitMs, starting);
      if (slot.dismissed !== undefined) throw new Error(slot.dismissed);
      const missing = plugin.offers.find((key) => !this.services.has(key));
      if (missing !== undefined) throw new Error(`it has not offered ${missing.name}`);
    } catch (error) {
      isLate = true;
      throw error;
    } finally {
      slot.ms = this.#timers.now() - slot.startedAt;
    }
    slot.state = 'started';
    this.#log.debug(`${plugin.id}: started`, { ms: slot.ms });
  }

  /** Lets a plugin reach what it declared, and nothing else. */
  #context({ plugin, options }: Slot): PluginContext<Readonly<Record<string, unknown>>> {
    const declares = (keys: readonly ServiceKey<unknown>[], name: string): boolean =>
      keys.some((key) => key.name === name);
    return {
      options,
      log: this.#log.child(plugin.id),
      get: (key) => {
        if (declares(plugin.needs, key.name)) return this.services.get(key);
        throw new Error(`${plugin.id} does not say that it needs ${key.name}`);
      },
      offer: (key, value) => {
        if (!declares(plugin.offers, key.name)) {
          throw new Error(`${plugin.id} does not say that it offers ${key.name}`);
        }
        this.services.offer(key, value);
      },
    };
  }

  async #giveUp(slot: Slot, cause: unknown): Promise<KernelError> {
    slot.state = 'failed';
    const mistakes = await this.#stopStarted();
    return new KernelError([failure(slot, cause), ...mistakes], cause);
  }

  async #stopAll(): Promise<void> {
    // A start under way comes to its end first; when it fails, it has stopped everything itself.
    await this.#starting?.catch(() => {});
    await this.#leave();
    const mistakes = await this.#stopStarted();
    if (mistakes.length > 0) throw new KernelError(mistakes);
  }

  /** What could not be handed over is taken over: that is no failure. */
  async #leave(): Promise<void> {
    for (const { plugin, running } of this.#slots.toReversed()) {
      if (running?.leave === undefined) continue;
      try {
        await this.#within(
          LEAVE_MS_MAX,
          Promise.resolve().then(() => running.leave?.()),
        );
      } catch (error) {
        this.#log.warn(`${plugin.id}: has not handed over: ${reason(error)}`);
      }
    }
  }

  /** Stops every plugin that has something to give back; one that cannot does not keep the others. */
  async #stopStarted(): Promise<readonly string[]> {
    const mistakes: string[] = [];
    for (const slot of this.#slots.toReversed()) {
      const mistake = await this.#stopOne(slot);
      if (mistake === undefined) continue;
      if (slot.isGuest) this.#log.error(mistake);
      else mistakes.push(mistake);
    }
    return mistakes;
  }

  /** @returns A sentence when it did not stop. */
  async #stopOne(slot: Slot): Promise<string | undefined> {
    const { plugin, running, state } = slot;
    slot.running = undefined;
    const begun = this.#timers.now();
    try {
      if (running === undefined) return undefined;
      if (state === 'started') slot.state = 'stopping';
      await this.#within(
        slot.isGuest ? this.#guestMsMax : this.#stopMsMax,
        Promise.resolve().then(() => running.stop()),
      );
      if (state === 'started') slot.state = 'stopped';
      return undefined;
    } catch (error) {
      slot.state = 'failed';
      const ms = (this.#timers.now() - begun).toFixed(0);
      return `${plugin.id}: did not stop: ${reason(error)} (after ${ms} ms)`;
    } finally {
      this.#withdraw(plugin);
    }
  }

  #withdraw(plugin: Plugin): void {
    for (const key of plugin.offers) this.services.withdraw(key);
  }

  async #within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    let timer: Timer | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = this.#timers.after(limitMs, () => reject(new Error(`no end within ${limitMs} ms`)));
    });
    try {
      return await Promise.race([work, expired]);
    } finally {
      timer?.cancel();
    }
  }
}

interface Plan {
  readonly slots: readonly Slot[];
  /** A sentence for each guest that cannot start. */
  readonly refused: readonly string[];
}

function plan(options: KernelOptions, services: Services): Plan {
  const { plugins, guests = [] } = options;
  const ids = [...plugins, ...guests].map((plugin) => plugin.id);
  const mistakes = Object.keys(options.options)
    .filter((id) => !ids.includes(id))
    .map((id) => `${id}: options for a plugin that is not there${didYouMean(id, ids)}`);
  const order = ordered(plugins, services);
  if (!order.ok) mistakes.push(...order.error);
  const slots: Slot[] = [];
  for (const plugin of plugins) {
    const slot = slotOf(plugin, options, false);
    if (slot.ok) slots.push(slot.value);
    else mistakes.push(...slot.error);
  }
  if (mistakes.length > 0) throw new KernelError(mistakes);
  const refused: string[] = [];
  // One by one: each must fit to ours, and to the guests before it.
  for (const guest of guests) {
    const slot = slotOf(guest, options, true);
    const all = slots.map(({ plugin }) => plugin);
    const fits = ordered([guest, ...all], services);
    if (slot.ok && fits.ok) slots.unshift(slot.value);
    else refused.push(...(slot.ok ? [] : slot.error), ...(fits.ok ? [] : fits.error));
  }
  const last = ordered(
    slots.map(({ plugin }) => plugin),
    services,
  );
  const position = ({ plugin }: Slot): number => (last.ok ? last.value.indexOf(plugin) : 0);
  return { slots: slots.sort((a, b) => position(a) - position(b)), refused };
}

function ordered(plugins: readonly Plugin[], services: Services) {
  const given = plugins
    .flatMap((plugin) => [...plugin.needs, ...plugin.offers])
    .filter((need) => services.has(need))
    .map((need) => need.name);
  return bootOrder(plugins, given);
}

function slotOf(
  plugin: Plugin,
  { options }: KernelOptions,
  isGuest: boolean,
): Result<Slot, readonly string[]> {
  const checked = checkOptions(plugin.id, plugin.options, options[plugin.id]);
  if (!checked.ok) return checked;
  const { value } = checked;
  const rest = { startedAt: 0, ms: 0, running: undefined, dismissed: undefined };
  return ok({ plugin, isGuest, options: value, state: 'waiting', ...rest });
}

function failure({ plugin, ms }: Slot, cause: unknown): string {
  const names = plugin.needs.map((need) => need.name).join(', ');
  const needed = names === '' ? 'it needs nobody' : `it needs ${names}`;
  return `${plugin.id}: did not start: ${reason(cause)} (after ${ms.toFixed(0)} ms; ${needed})`;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
