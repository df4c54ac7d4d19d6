/**
 * Ends the run when a test blocks the event loop, which no timer of the same thread can see.
 *
 * A worker thread is told when a test begins and ends. Past the limit and a margin it says which test it
 * was, closes with the line that CI reads, and kills the process.
 */
import { writeSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** Milliseconds granted beyond a test's own limit, within which the test's own timer should have fired. */
const MARGIN_MS = 3_000;

export interface Watched {
  readonly title: string;
  readonly secondsMax: number;
  readonly passed: number;
  readonly failed: number;
}

export class Watchdog {
  readonly #worker = new Worker(new URL(import.meta.url), {});

  constructor() {
    this.#worker.unref();
  }

  /** `undefined` between tests. */
  watch(watched: Watched | undefined): void {
    this.#worker.postMessage(watched);
  }
}

function stand(): void {
  let timer: NodeJS.Timeout | undefined;
  parentPort?.on('message', (watched: Watched | undefined) => {
    clearTimeout(timer);
    if (watched === undefined) return;
    timer = setTimeout(() => bark(watched), watched.secondsMax * 1000 + MARGIN_MS);
  });
}

function bark({ title, secondsMax, passed, failed }: Watched): void {
  writeSync(1, `\nFAIL ${title}: blocks the event loop for more than ${secondsMax} s; run ended\n`);
  writeSync(1, `${passed} passed, ${failed + 1} failed\n`);
  process.kill(process.pid, 'SIGKILL');
}

if (!isMainThread) stand();
