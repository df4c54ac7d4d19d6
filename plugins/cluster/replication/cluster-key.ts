/**
 * The key under which users' secrets are sealed. It is in no log and no store, so that neither of them, nor a disk with a
 * copy, tells a password's hash: each box keeps it in a file of its own beside its identity, made by the first primary
 * and handed to others over the link between boxes, which knows whom it speaks to.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import type { Disk } from '#core/ports/disk.ts';
import type { Random } from '#core/ports/random.ts';

/** Below the state directory; mode 0600, as everything there. */
const FILE = 'cluster.key';
const KEY_SIZE = 32;
const ID_SIZE = 8;
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const CIPHER = 'aes-256-gcm';

export class ClusterKey {
  readonly #disk: Pick<Disk, 'read' | 'replace'>;
  readonly #random: Random;
  #key: Buffer | undefined;

  constructor(disk: Pick<Disk, 'read' | 'replace'>, random: Random) {
    this.#disk = disk;
    this.#random = random;
    const kept = disk.read(FILE);
    if (kept?.length === KEY_SIZE) this.#key = Buffer.from(kept);
  }

  /** 8 bytes of its SHA-256, hex; `undefined` while this box has none. */
  get id(): string | undefined {
    return this.#key && idOf(this.#key);
  }

  /** For another box of the cluster, hex. */
  get text(): string | undefined {
    return this.#key?.toString('hex');
  }

  /** Makes one where there is none; its id. */
  make(): string {
    this.#key ??= this.#keep(this.#random.bytes(KEY_SIZE));
    return idOf(this.#key);
  }

  /** Takes the key that another box has. False when it is not the one wanted. */
  take(text: string, id: string): boolean {
    const key = Buffer.from(text, 'hex');
    if (key.length !== KEY_SIZE || idOf(key) !== id) return false;
    if (this.id !== id) this.#key = this.#keep(key);
    return true;
  }

  /** Nonce, ciphertext and tag, hex. `whose` must be the same to open it: no secret passes for another user's. */
  seal(secret: Buffer, whose: string): string {
    const nonce = this.#random.bytes(NONCE_SIZE);
    const cipher = createCipheriv(CIPHER, this.#demand(), nonce).setAAD(Buffer.from(whose));
    const text = Buffer.concat([cipher.update(secret), cipher.final()]);
    return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('hex');
  }

  /** `undefined` where this box has not got the key, or it was sealed under another or for somebody else. */
  open(sealed: string, whose: string): Buffer | undefined {
    const bytes = Buffer.from(sealed, 'hex');
    if (this.#key === undefined || bytes.length <= NONCE_SIZE + TAG_SIZE) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_SIZE), {
      authTagLength: TAG_SIZE,
    });
    decipher.setAAD(Buffer.from(whose)).setAuthTag(bytes.subarray(bytes.length - TAG_SIZE));
    try {
      const text = bytes.subarray(NONCE_SIZE, bytes.length - TAG_SIZE);
      return Buffer.concat([decipher.update(text), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  #keep(key: Uint8Array): Buffer {
    this.#disk.replace(FILE, key);
    return Buffer.from(key);
  }

  #demand(): Buffer {
    if (this.#key === undefined) throw new Error('this box has no cluster key yet; try again');
    return this.#key;
  }
}

function idOf(key: Uint8Array): string {
  return createHash('sha256').update(key).digest().subarray(0, ID_SIZE).toString('hex');
}
