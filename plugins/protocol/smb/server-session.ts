/** A session as the server keeps it ([MS-SMB2] §3.3.1.8): from the first token to LOGOFF. */
import { assert } from '#core/assert.ts';
import type { User } from '#core/group/users.ts';
import type { Acceptor } from './auth/acceptor.ts';
import type { SmbConnection } from './connection.ts';
import type { Dialect } from './connection-state.ts';
import { type CipherId, ciphers, Opener, Sealer } from './crypto/encryption.ts';
import { type SessionKeys, sessionKeys } from './crypto/kdf.ts';
import { Signer, type SigningAlgorithm } from './crypto/signing.ts';
import type { Session, SmbUser } from './session.ts';
import type { TreeConnect } from './tree-connect.ts';

/** Sessions of one connection: a terminal server has one a user. */
export const SESSIONS_MAX = 256;
/** Sessions that are being begun on a connection: each keeps what was said so far. */
export const SESSIONS_BEGUN_MAX = 16;
/** Shares that one session has in use: clients connect a few, test suites some hundreds. */
const TREES_MAX = 4096;

/** What was agreed on for the connection, as far as keys ask for it. */
export interface Agreed {
  readonly dialect: Dialect;
  /** `undefined`: nothing is encrypted. */
  readonly cipher: CipherId | undefined;
  readonly signing: SigningAlgorithm;
}

export class ServerSession implements Session {
  readonly id: bigint;
  /** The one connection that it is used by. */
  readonly home: SmbConnection;
  readonly trees = new Map<number, TreeConnect>();
  /** In progress until the first authentication is through. */
  isValid = false;
  /** Set while tokens go back and forth, at the beginning or again. */
  acceptor: Acceptor<User> | undefined;
  /** Of this exchange (§3.3.5.5): meaningful in 3.1.1. */
  preauthHash: Buffer;
  /** Every message must be signed. */
  signingRequired = true;
  /** Every message must be encrypted. */
  encrypts = false;
  signer: Signer | undefined;
  sealer: Sealer | undefined;
  opener: Opener | undefined;
  #user: SmbUser | undefined;
  #applicationKey = Buffer.alloc(16);
  #nextTree = 1;

  constructor(id: bigint, home: SmbConnection) {
    this.id = id;
    this.home = home;
    this.preauthHash = home.preauthHash;
  }

  get user(): SmbUser {
    assert(this.#user !== undefined, 'session: asked for its user before there was one');
    return this.#user;
  }

  get applicationKey(): Buffer {
    return this.#applicationKey;
  }

  /** The first authentication is through: keys are made, once. */
  begin(user: SmbUser, sessionKey: Buffer, agreed: Agreed): void {
    this.#user = user;
    this.isValid = true;
    const { dialect, cipher, signing } = agreed;
    const cipherKeySize = cipher === undefined ? 16 : ciphers[cipher].keySize;
    const keys: SessionKeys = sessionKeys(dialect, sessionKey, this.preauthHash, cipherKeySize);
    this.#applicationKey = Buffer.from(keys.application);
    this.signer = new Signer(signing, keys.signing);
    const { clientToServer, serverToClient } = keys;
    if (cipher === undefined || clientToServer === undefined || serverToClient === undefined)
      return;
    this.opener = new Opener(cipher, clientToServer);
    this.sealer = new Sealer(cipher, serverToClient, this.id);
  }

  /** Authenticated again: what the user may have changed. Keys stay (§3.3.5.5.3). */
  renew(user: SmbUser): void {
    this.#user = user;
  }

  /** An id for a new tree; `undefined` when there are too many. */
  mintTree(): number | undefined {
    if (this.trees.size >= TREES_MAX) return undefined;
    const id = this.#nextTree;
    this.#nextTree = id === 0xffff_fffe ? 1 : id + 1;
    return this.trees.has(id) ? this.mintTree() : id;
  }
}
