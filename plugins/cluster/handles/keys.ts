/** The cluster's handle keys, ready for use. The newest signs; every one known verifies, so that keys rotate unseen. */
import { assert } from '#core/assert.ts';
import type { HandleKey } from '#core/group/registry.ts';
import { KEY_OFFSET, MAC_SIZE } from './layout.ts';
import { SipHash } from './siphash.ts';

export class HandleKeys {
  readonly #read: () => readonly HandleKey[];
  #records: readonly HandleKey[] = [];
  readonly #hashes = new Map<number, SipHash>();

  /** @param read Oldest key first; the same array for as long as nothing changed. */
  constructor(read: () => readonly HandleKey[]) {
    this.#read = read;
  }

  /** Takes over what the registry holds now; true when that differs from the last time. */
  refresh(): boolean {
    const records = this.#read();
    if (records === this.#records) return false;
    this.#records = records;
    this.#hashes.clear();
    for (const { id, secret } of records) {
      this.#hashes.set(id, new SipHash(Buffer.from(secret, 'hex')));
    }
    return true;
  }

  /** The key that signs. The registry has one before it has an export, so that a handle without is a bug. */
  get newest(): number {
    const key = this.#records.at(-1);
    assert(key !== undefined, 'handle keys: the registry holds none');
    return key.id;
  }

  /** Writes the MAC of the first `size` bytes behind them, with the key that the bytes name. */
  sign(handle: Buffer, size: number): void {
    const hash = this.#hashes.get(handle.readUInt8(KEY_OFFSET));
    assert(hash !== undefined, 'handle keys: signing with an unknown key');
    hash.digest(handle, size);
    handle.writeInt32LE(hash.low, size);
    handle.writeInt32LE(hash.high, size + 4);
  }

  /** False for an unknown key or a wrong MAC; the time it takes says nothing about which bytes are wrong. */
  verify(handle: Buffer): boolean {
    const hash = this.#hashes.get(handle.readUInt8(KEY_OFFSET));
    if (hash === undefined) return false;
    const size = handle.length - MAC_SIZE;
    hash.digest(handle, size);
    const low = hash.low ^ handle.readInt32LE(size);
    const high = hash.high ^ handle.readInt32LE(size + 4);
    return (low | high) === 0;
  }
}
