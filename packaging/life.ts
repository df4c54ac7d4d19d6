/** The life of a process that serves: signals, systemd's questions, and errors that nobody caught. */
import { writeFileSync, writeSync } from 'node:fs';
import type { Kernel } from '#core/kernel.ts';
import type { Log } from '#core/log-line.ts';
import { DiskError } from '#core/ports/disk.ts';
import { notify, watchdogMs } from '#plugins/host/notify.ts';
import { guestNow } from './guests/blame.ts';

/** Milliseconds from the signal to the end, whatever happens: handing over takes up to two and a half of them. */
const END_MS_MAX = 4_500;

export interface Life {
  readonly name: string;
  readonly kernel: Kernel;
  readonly log: Log;
  started(): void;
  /** On SIGHUP. */
  reload(): void;
}

/** Starts everything, waits for SIGINT or SIGTERM, ends everything. */
export async function live({ name, kernel, log, started, reload }: Life): Promise<void> {
  nameProcess();
  stopOnErrors(name, kernel);
  const asked = untilSignal(reload);
  await kernel.start();
  started();
  tell(log, 'READY=1');
  const beat = watchdogMs();
  // A loop that does not come round tells nothing, and systemd starts the box anew.
  const watchdog =
    beat === undefined ? undefined : setInterval(() => tell(log, 'WATCHDOG=1'), beat);
  await asked;
  clearInterval(watchdog);
  tell(log, 'STOPPING=1');
  await kernel.stop();
}

/**
 * A box whose own disk is full or fails must stop, so that another steps in. That is nobody's mistake: one sentence, where
 * any other uncaught error shows its stack. An error of a guest stops the guest.
 */
function stopOnErrors(name: string, kernel: Kernel): void {
  process.on('uncaughtException', (error) => {
    const guest = guestNow();
    if (guest !== undefined) {
      void kernel.dismiss(guest, error instanceof Error ? error.message : String(error));
      return;
    }
    const isDisk = error instanceof DiskError;
    const text = isDisk ? `box ${name} stops: ${error.message}` : (error.stack ?? String(error));
    end(text);
  });
}

function untilSignal(reload: () => void): Promise<void> {
  return new Promise((done) => {
    // Keeps the process alive when nothing listens yet.
    const alive = setInterval(() => {}, 1 << 30);
    process.on('SIGHUP', reload);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(alive);
        const late = () => end(`not everything has ended ${END_MS_MAX} ms after ${signal}`);
        setTimeout(late, END_MS_MAX).unref();
        done();
      });
    }
  });
}

/** Node.js calls itself `MainThread` in lists of processes. */
function nameProcess(): void {
  try {
    writeFileSync('/proc/self/comm', 'understudy');
  } catch {
    // A name is for people, and nothing depends on it.
  }
}

function end(sentence: string): never {
  try {
    writeSync(2, `understudy: ${sentence}\n`);
  } catch {
    // Nobody reads it, and that must not keep the process.
  }
  process.exit(1);
}

function tell(log: Log, state: string): void {
  try {
    notify(state);
  } catch (cause) {
    log.warn('systemd could not be told', { state, cause: (cause as Error).message });
  }
}
