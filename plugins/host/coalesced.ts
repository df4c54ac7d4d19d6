/**
 * Work that serves everybody who asked before it began, like a sync: one running, at most one waiting, and whoever
 * asks meanwhile shares the waiting one.
 */
export class Coalesced {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a run that began after this call has ended; rejects as that run does. */
  run(): Promise<void> {
    if (this.#waiting !== undefined) return this.#waiting;
    if (this.#running === undefined) return this.#start();
    this.#waiting = this.#running.catch(ignore).then(() => {
      this.#waiting = undefined;
      return this.#start();
    });
    return this.#waiting;
  }

  /** Resolves when nothing runs or waits; never rejects. */
  async settled(): Promise<void> {
    while (this.#waiting ?? this.#running) await (this.#waiting ?? this.#running)?.catch(ignore);
  }

  #start(): Promise<void> {
    const run = this.#work();
    this.#running = run;
    const clear = () => {
      if (this.#running === run) this.#running = undefined;
    };
    run.then(clear, clear);
    return run;
  }
}

function ignore(): void {}
