/** Keeps trying to reach one peer: at once, then after pauses that double. */
import type { Clock, Timer } from '#core/ports/clock.ts';
import type { Connection, Net, Receiver, TlsIdentity } from '#core/ports/net.ts';

/** Milliseconds between tries: short enough not to be seen in a takeover, at most ten useless tries a second. */
const PAUSE_MS_MIN = 20;
const PAUSE_MS_MAX = 100;
/** Milliseconds for TCP and TLS handshakes together: a few round trips on a bad network and a busy peer. */
const CONNECT_MS_MAX = 1_000;

export interface Target {
  readonly address: string;
  readonly port: number;
  readonly tls: TlsIdentity;
}

export class Dialler {
  readonly #net: Net;
  readonly #clock: Clock;
  readonly #target: Target;
  readonly #open: (connection: Connection) => Receiver;
  readonly #failed: (reason: string) => void;
  #pauseMs = PAUSE_MS_MIN;
  #timer: Timer | undefined;
  #stopped = false;

  /** @param failed Told why a try came to nothing, every time. */
  constructor(
    net: Net,
    clock: Clock,
    target: Target,
    open: (connection: Connection) => Receiver,
    failed: (reason: string) => void,
  ) {
    this.#net = net;
    this.#clock = clock;
    this.#target = target;
    this.#open = open;
    this.#failed = failed;
  }

  dial(): void {
    this.#timer = undefined;
    this.#net
      .connect({ ...this.#target, timeoutMs: CONNECT_MS_MAX }, this.#open)
      .catch((error: unknown) => this.#onFailure(error));
  }

  /** The connection that `open` got has ended; `wasUp` when the peer had been there, so that it may be back soon. */
  ended(wasUp: boolean): void {
    if (wasUp) this.#pauseMs = PAUSE_MS_MIN;
    this.#pause();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #onFailure(error: unknown): void {
    if (this.#stopped) return;
    this.#failed(error instanceof Error ? error.message : String(error));
    this.#pause();
  }

  #pause(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = this.#clock.after(this.#pauseMs, () => this.dial());
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
  }
}
