/** Runs a planned lab: starts its processes, orders volume, export and address, kills and restarts, ends it all. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '#core/status.ts';
import { ask } from '#tui/control-client.ts';
import {
  type BoxPlan,
  LAB_EXPORT,
  LAB_SHARE,
  LAB_USER,
  LAB_VOLUME,
  type LabOptions,
  type LabPlan,
  type Program,
  planLab,
  WITNESS,
} from './plan.ts';

export type { Program } from './plan.ts';

/** Milliseconds for a process to answer on its control socket, on a machine that is busy with tests. */
const ANSWER_MS_MAX = 20_000;
/** Milliseconds for a whole lab to serve with every box in sync. */
const SYNC_MS_MAX = 60_000;
/** Milliseconds for a process to end by itself after SIGTERM. */
const END_MS_MAX = 5_000;
const POLL_MS = 20;

export class Lab {
  readonly plan: LabPlan;
  readonly #program: Program;
  readonly #boxes = new Map<string, ChildProcess>();
  #witness: ChildProcess | undefined;
  #ending = false;

  private constructor(plan: LabPlan, program: Program) {
    this.plan = plan;
    this.#program = program;
  }

  /** Everything is decided, nothing runs yet: for whoever must be able to `stop` it while it begins. */
  static async plan(options: LabOptions, program: Program): Promise<Lab> {
    return new Lab(await planLab(options), program);
  }

  /** `plan` and `begin`. */
  static async start(options: LabOptions, program: Program): Promise<Lab> {
    const lab = await Lab.plan(options, program);
    await lab.begin();
    return lab;
  }

  /** Resolves when the lab serves and every box is in sync; rejects with a sentence, with everything ended. */
  async begin(): Promise<void> {
    try {
      await this.#startAll();
    } catch (cause) {
      await this.stop();
      throw cause;
    }
  }

  box(name: string): BoxPlan {
    const box = this.plan.boxes.find((candidate) => candidate.name === name);
    if (box === undefined) {
      const names = this.plan.boxes.map((candidate) => candidate.name).join(', ');
      throw new Error(`box ${name}: not in this lab; boxes are ${names}`);
    }
    return box;
  }

  pid(name: string): number {
    return this.#boxes.get(name)?.pid ?? 0;
  }

  isRunning(name: string): boolean {
    return isAlive(this.#boxes.get(name));
  }

  /** SIGKILL: the process is gone when this resolves. */
  async kill(name: string): Promise<void> {
    await killProcess(this.#boxes.get(name));
  }

  /** SIGTERM: the process has ended when this resolves. */
  async end(name: string): Promise<void> {
    const box = this.#boxes.get(name);
    if (box !== undefined) await endProcess(box);
  }

  /** SIGKILL to the witness. */
  async killWitness(): Promise<void> {
    await killProcess(this.#witness);
  }

  restartWitness(): void {
    const { witness } = this.plan;
    if (witness === undefined) throw new Error('witness: this lab has none');
    if (isAlive(this.#witness)) throw new Error(`witness: runs already, pid ${this.#witness?.pid}`);
    this.#witness = this.#spawn('witness', WITNESS, witness.directory);
  }

  /** SIGSTOP: as a box that hangs, all its connections open. */
  freeze(name: string): void {
    this.#boxes.get(name)?.kill('SIGSTOP');
  }

  thaw(name: string): void {
    this.#boxes.get(name)?.kill('SIGCONT');
  }

  /** Starts a box that ended. Resolves when its control socket answers. */
  async restart(name: string): Promise<void> {
    const box = this.box(name);
    if (this.isRunning(name)) throw new Error(`box ${name}: runs already, pid ${this.pid(name)}`);
    this.#startBox(box);
    await this.#answers(box);
  }

  status(name: string): Promise<Status> {
    return ask(this.box(name).control, 'status', {}) as Promise<Status>;
  }

  control(name: string, method: string, params: object): Promise<unknown> {
    return ask(this.box(name).control, method, params);
  }

  /** The box that serves now, asked of every box that answers. */
  async serving(): Promise<string | undefined> {
    for (const box of this.plan.boxes) {
      if (!this.isRunning(box.name)) continue;
      const status = await this.status(box.name).catch(() => undefined);
      if (status?.boxes.find((row) => row.name === box.name)?.serving === true) return box.name;
    }
    return undefined;
  }

  /** Resolves when one box serves and all others are in sync with it; rejects with a sentence that says who is not. */
  async settled(limitMs = SYNC_MS_MAX): Promise<void> {
    const until = performance.now() + limitMs;
    let last = 'nobody serves';
    while (performance.now() < until) {
      const name = await this.serving();
      const status =
        name === undefined ? undefined : await this.status(name).catch(() => undefined);
      const late = status?.boxes.filter((box) => !box.inSync || box.lag > 0) ?? [];
      if (status !== undefined && late.length === 0) return;
      last = late.map((box) => `${box.name}: ${box.role}: ${box.sentence}`).join('; ') || last;
      await sleep(POLL_MS);
    }
    throw new Error(`lab: not in sync within ${limitMs} ms (${last})`);
  }

  /** The line of JSON that tests and outsiders read. */
  async describe(): Promise<object> {
    const { options, boxes } = this.plan;
    const serving = await this.serving();
    return {
      volume: LAB_VOLUME,
      export: LAB_EXPORT,
      address: options.address,
      ports: this.servesSmb ? options.ports : without(options.ports, 'smb'),
      ...(this.servesSmb && { share: LAB_SHARE, user: LAB_USER }),
      boxes: boxes.map((box) => ({
        name: box.name,
        pid: this.pid(box.name),
        address: box.address,
        backend: box.backend,
        data: box.data ?? null,
        control: box.control,
        ...(options.net !== undefined && { namespace: options.net.namespace(box.name) }),
        primary: box.name === serving,
        serving: box.name === serving,
      })),
      witness: this.#witness === undefined ? null : { pid: this.#witness.pid },
      ...(options.net !== undefined && { client: options.net.namespace('client') }),
    };
  }

  get servesSmb(): boolean {
    return this.plan.options.protocols?.includes('smb') ?? false;
  }

  /** Ends every process that this lab started. */
  async stop(): Promise<void> {
    this.#ending = true;
    const children = [...this.#boxes.values(), ...(this.#witness ? [this.#witness] : [])];
    await Promise.all(children.map(endProcess));
  }

  async #startAll(): Promise<void> {
    const { witness, boxes, options } = this.plan;
    if (witness !== undefined) this.#witness = this.#spawn('witness', WITNESS, witness.directory);
    for (const box of boxes) this.#startBox(box);
    await Promise.all(boxes.map((box) => this.#answers(box)));
    await this.settled();
    const first = (await this.serving()) ?? boxes[0]?.name ?? '';
    const status = await this.status(first);
    if (status.volumes.some((volume) => volume.name === LAB_VOLUME)) return;
    await this.control(first, 'volume.create', {
      name: LAB_VOLUME,
      durability: options.durability,
      backends: Object.fromEntries(
        boxes.map((box) => [
          box.name,
          box.data === undefined ? box.backend : `${box.backend}:${box.data}`,
        ]),
      ),
    });
    const { squash, handles } = options;
    await this.control(first, 'export.add', {
      path: LAB_EXPORT,
      volume: LAB_VOLUME,
      squash,
      handles,
    });
    if (this.servesSmb) await this.#offerShare(first);
    await this.control(first, 'address.add', { address: options.address });
  }

  /** Everybody may write at the top of it, as root does over NFS. */
  async #offerShare(box: string): Promise<void> {
    await this.control(box, 'user.add', LAB_USER);
    await this.control(box, 'share.add', { name: LAB_SHARE, volume: LAB_VOLUME, mode: 0o777 });
  }

  #startBox(box: BoxPlan): void {
    this.#boxes.set(box.name, this.#spawn('serve', box.name, box.directory));
  }

  #spawn(command: string, host: string, directory: string): ChildProcess {
    // A restart under way must not leave a process behind.
    if (this.#ending) throw new Error('lab: is ending, and starts nothing more');
    const { log, net } = this.plan.options;
    const program = net?.program(host, this.#program) ?? this.#program;
    const output = log === undefined ? 2 : openSync(log, 'a');
    const child = spawn(program.command, [...program.args, command, '--dir', directory], {
      stdio: ['ignore', output, output],
      cwd: '/',
    });
    if (log !== undefined) closeSync(output);
    child.on('error', (cause) => {
      if (!this.#ending) process.stderr.write(`lab: ${command} ${directory}: ${cause.message}\n`);
    });
    return child;
  }

  /** The log may be gone with its folder when somebody wants to read it. */
  #lastWords(): string {
    const { log } = this.plan.options;
    if (log === undefined) return 'what it said stands above';
    return `the last that was said: ${readFileSync(log, 'utf8').trimEnd().split('\n').at(-1)}`;
  }

  async #answers(box: BoxPlan): Promise<void> {
    const until = performance.now() + ANSWER_MS_MAX;
    while (performance.now() < until) {
      if (!this.isRunning(box.name)) {
        throw new Error(`box ${box.name}: ended at its start; ${this.#lastWords()}`);
      }
      const status = await this.status(box.name).catch(() => undefined);
      if (status !== undefined) return;
      await sleep(POLL_MS);
    }
    throw new Error(`box ${box.name}: no answer on ${box.control} within ${ANSWER_MS_MAX} ms`);
  }
}

function without<T extends object, K extends keyof T>(from: T, key: K): Omit<T, K> {
  const { [key]: _left, ...rest } = from;
  return rest;
}

function isAlive(child: ChildProcess | undefined): child is ChildProcess {
  if (child?.pid === undefined) return false;
  return child.exitCode === null && child.signalCode === null;
}

async function killProcess(child: ChildProcess | undefined): Promise<void> {
  if (!isAlive(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  // One that was frozen hears SIGTERM only now.
  child.kill('SIGCONT');
  const isLate = Symbol('late');
  const first = await Promise.race([ended, sleep(END_MS_MAX, isLate, { ref: false })]);
  if (first !== isLate) return;
  child.kill('SIGKILL');
  await ended;
}
