/** Which method answers which request: what other plugins have registered, by name. */
import { AssertionError, assert } from '#core/assert.ts';
import type { Control, ControlHandler, ControlRequest, ControlResponse } from '#core/control.ts';
import type { Log } from '#core/log-line.ts';
import { didYouMean } from '#core/nearest.ts';

export class Methods implements Control {
  readonly #handlers = new Map<string, ControlHandler>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  method(name: string, handler: ControlHandler): void {
    assert(!this.#handlers.has(name), `control method ${name}: registered twice`);
    this.#handlers.set(name, handler);
  }

  /** Never rejects: every failure is a response with a sentence. */
  async answer({ id, method, params }: ControlRequest): Promise<ControlResponse> {
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      const meant = didYouMean(method, [...this.#handlers.keys()]);
      return { id, error: `${method}: this box has no such method${meant}, or is still starting` };
    }
    try {
      return { id, result: (await handler(params)) ?? null };
    } catch (error) {
      return { id, error: this.#sentence(method, error) };
    }
  }

  #sentence(method: string, error: unknown): string {
    if (error instanceof AssertionError) {
      // A broken invariant stops the box, whoever stumbled over it.
      queueMicrotask(() => {
        throw error;
      });
    }
    if (!(error instanceof Error)) return `${method}: failed: ${String(error)}`;
    if (error instanceof TypeError || error instanceof ReferenceError) {
      this.#log.error(`${method}: failed in a way that nobody foresaw`, { cause: error.stack });
    }
    return error.message;
  }
}
