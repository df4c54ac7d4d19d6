/** One line that says how far it is: rewritten in place on a terminal, now and then on anything else. */
const TERMINAL_MS = 100;
const PLAIN_MS = 2_000;

export class Progress {
  readonly #stream = process.stderr;
  readonly #periodMs = process.stderr.isTTY ? TERMINAL_MS : PLAIN_MS;
  #shownAt = Number.NEGATIVE_INFINITY;
  #width = 0;

  /** Shows `text` unless the last one is still fresh. */
  show(text: string): void {
    const now = performance.now();
    if (now - this.#shownAt < this.#periodMs) return;
    this.#shownAt = now;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r${text.padEnd(this.#width)}`);
      this.#width = text.length;
    } else {
      this.#stream.write(`${text}\n`);
    }
  }

  /** A line that stays. */
  say(text: string): void {
    const clear = this.#stream.isTTY && this.#width > 0 ? `\r${' '.repeat(this.#width)}\r` : '';
    this.#stream.write(`${clear}${text}\n`);
    this.#width = 0;
  }
}
