/**
 * A few bytes that outlive the process and cost no more than memory: a mapped file. What is in them when the process ends
 * is there again; after the machine was started anew they are zeros.
 */
export interface Scratch {
  /** @param path Below the state directory; of zeros when missing. @param size Bytes, always the same for a path. */
  open(path: string, size: number): Buffer;
}
