/** One number kept on disk: written often, in the page cache at once, so that it survives the end of the process. */
export interface Mark {
  /** 0 when it was never set. */
  get(): number;
  /** @param value At most 2^53 - 1. */
  set(value: number): void;
}

export interface Marks {
  /** Opens the mark in a file below the state directory; created when missing. */
  open(path: string): Mark;
}
