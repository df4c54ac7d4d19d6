/**
 * What has to be undone when the bench ends, however it ends: processes by their ids, folders. Undone in reverse order,
 * once, also on SIGINT, SIGTERM and SIGHUP.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that a process gets to end by itself after SIGTERM; nfs-ganesha takes two seconds. */
const END_MS_MAX = 10_000;

export type Undo = () => Promise<void> | void;

export class Cleanup {
  readonly #undos: Undo[] = [];
  #running: Promise<void> | undefined;

  /** Nothing new may start any more. */
  get isEnding(): boolean {
    return this.#running !== undefined;
  }

  add(undo: Undo): void {
    this.#undos.push(undo);
  }

  /** Starts a process that this cleanup ends, if nobody has before. */
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    if (this.isEnding) throw new Error('ended by a signal');
    const child = spawn(command, args, options);
    // Without a listener a missing program would throw; callers see `exitCode` or the absence of a pid.
    child.on('error', () => {});
    this.add(() => endProcess(child));
    return child;
  }

  /** Undoes everything; a second call waits for the first. */
  run(): Promise<void> {
    this.#running ??= this.#undoAll();
    return this.#running;
  }

  onSignals(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => void this.run().then(() => process.exit(130)));
    }
  }

  async #undoAll(): Promise<void> {
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) {
      try {
        await undo();
      } catch (cause) {
        process.stderr.write(`bench: ${(cause as Error).message}\n`);
      }
    }
  }
}

export function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** SIGTERM, and SIGKILL when that does not end it in time. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const isLate = Symbol('late');
  const first = await Promise.race([ended, sleep(END_MS_MAX, isLate, { ref: false })]);
  if (first !== isLate) return;
  child.kill('SIGKILL');
  await ended;
}
