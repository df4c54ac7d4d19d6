/**
 * A few bytes that outlive the process and cost no more than memory: a mapped file. What is in them when the process ends
 * is there again; a power cut may bring back anything that they ever held.
 */
export interface Scratch {
  /** @param path Below the state directory; made of zeros when missing. @param size Bytes, always the same for a path. */
  open(path: string, size: number): Buffer;
}
