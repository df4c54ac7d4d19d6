/** Randomness: cryptographic in `plugins/host`, seeded in `tests/sim`. */
export interface Random {
  bytes(size: number): Buffer;
  /** 0 to 2^32 - 1. */
  u32(): number;
}
