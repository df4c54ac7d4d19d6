/**
 * Starts plugins by need, stops them in reverse, draws its boot.
 *
 * Everything that can be wrong before the first start (options, needs, circles) is told by the constructor, all at
 * once. A start that fails or takes too long stops those that had started, in reverse, and is told with the
 * plugin, its needs and the milliseconds.
 */
import { type BootRow, type BootState, bootOrder, bootTree, printBoot } from './boot.ts';
import { checkOptions } from './config.ts';
import type { Log } from './log-line.ts';
import { didYouMean } from './nearest.ts';
import type { Plugin, PluginContext, Running } from './plugin.ts';
import type { Timer } from './ports/clock.ts';
import type { ServiceKey } from './services.ts';
import { Services } from './services.ts';

/** Milliseconds for one start and one stop: slow disks replay a log in it, and nobody waits longer for an answer. */
const PHASE_MS_MAX = 10_000;

/** What the kernel needs of a clock, before any plugin can offer one. */
export interface Timers {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  after(delayMs: number, run: () => void): Timer;
}

export interface KernelOptions {
  /** In start order among equals. */
  readonly plugins: readonly Plugin[];
  /** Plugin id to its options, as the owner wrote them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly startMsMax?: number;
  readonly stopMsMax?: number;
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
  readonly options: Readonly<Record<string, unknown>>;
  state: BootState;
  startedAt: number;
  ms: number;
  running: Running | undefined;
}

export class Kernel {
  readonly services: Services;
  readonly #slots: readonly Slot[];
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #startMsMax: number;
  readonly #stopMsMax: number;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** Starts nothing. Throws `KernelError` when these plugins cannot start in any order, or options are wrong. */
  constructor(options: KernelOptions, dependencies: KernelDependencies) {
    this.services = dependencies.services ?? new Services();
    this.#timers = dependencies.timers;
    this.#log = dependencies.log;
    this.#startMsMax = options.startMsMax ?? PHASE_MS_MAX;
    this.#stopMsMax = options.stopMsMax ?? PHASE_MS_MAX;
    this.#slots = plan(options, this.services);
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
        throw await this.#giveUp(slot, error);
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
      slot.running = await this.#within(this.#startMsMax, starting);
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
    const { id, needs } = slot.plugin;
    const names = needs.map((need) => need.name).join(', ');
    const needed = names === '' ? 'it needs nobody' : `it needs ${names}`;
    const sentence = `${id}: did not start: ${reason(cause)} (after ${slot.ms.toFixed(0)} ms; ${needed})`;
    const mistakes = await this.#stopStarted();
    return new KernelError([sentence, ...mistakes], cause);
  }

  async #stopAll(): Promise<void> {
    // A start under way comes to its end first; when it fails, it has stopped everything itself.
    await this.#starting?.catch(() => {});
    const mistakes = await this.#stopStarted();
    if (mistakes.length > 0) throw new KernelError(mistakes);
  }

  /** Stops every plugin that has something to give back; one that cannot does not keep the others. */
  async #stopStarted(): Promise<readonly string[]> {
    const mistakes: string[] = [];
    for (const slot of this.#slots.toReversed()) {
      const { plugin, running, state } = slot;
      slot.running = undefined;
      if (running === undefined) {
        this.#withdraw(plugin);
        continue;
      }
      if (state === 'started') slot.state = 'stopping';
      const begun = this.#timers.now();
      try {
        await this.#within(
          this.#stopMsMax,
          Promise.resolve().then(() => running.stop()),
        );
        if (state === 'started') slot.state = 'stopped';
      } catch (error) {
        slot.state = 'failed';
        const ms = (this.#timers.now() - begun).toFixed(0);
        mistakes.push(`${plugin.id}: did not stop: ${reason(error)} (after ${ms} ms)`);
      }
      this.#withdraw(plugin);
    }
    return mistakes;
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

function plan(options: KernelOptions, services: Services): readonly Slot[] {
  const ids = options.plugins.map((plugin) => plugin.id);
  const mistakes = Object.keys(options.options)
    .filter((id) => !ids.includes(id))
    .map((id) => `${id}: options for a plugin that is not there${didYouMean(id, ids)}`);
  const given = options.plugins
    .flatMap((plugin) => [...plugin.needs, ...plugin.offers])
    .filter((need) => services.has(need))
    .map((need) => need.name);
  const order = bootOrder(options.plugins, given);
  if (!order.ok) mistakes.push(...order.error);
  const slots = options.plugins.map((plugin): Slot => {
    const checked = checkOptions(plugin.id, plugin.options, options.options[plugin.id]);
    if (!checked.ok) mistakes.push(...checked.error);
    const values = checked.ok ? checked.value : {};
    return { plugin, options: values, state: 'waiting', startedAt: 0, ms: 0, running: undefined };
  });
  if (!order.ok || mistakes.length > 0) throw new KernelError(mistakes);
  const position = (slot: Slot): number => order.value.indexOf(slot.plugin);
  return slots.sort((a, b) => position(a) - position(b));
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
