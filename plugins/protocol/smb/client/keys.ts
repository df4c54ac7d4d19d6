/** What a client's session signs, seals and opens with: the server's keys the other way round. */

import type { Dialect } from '../connection-state.ts';
import type { CipherId } from '../crypto/encryption.ts';
import { ciphers, Opener, Sealer } from '../crypto/encryption.ts';
import { sessionKeys } from '../crypto/kdf.ts';
import { Signer, type SigningAlgorithm } from '../crypto/signing.ts';

export interface ClientKeys {
  readonly signer: Signer;
  readonly sealer: Sealer | undefined;
  readonly opener: Opener | undefined;
}

export interface KeyFacts {
  readonly dialect: Dialect;
  readonly cipher: CipherId | undefined;
  readonly signing: SigningAlgorithm;
  readonly sessionKey: Buffer;
  readonly preauthHash: Buffer;
  readonly sessionId: bigint;
}

export function clientKeys(facts: KeyFacts): ClientKeys {
  const { dialect, cipher, signing, sessionKey, preauthHash, sessionId } = facts;
  const size = cipher === undefined ? 16 : ciphers[cipher].keySize;
  const keys = sessionKeys(dialect, sessionKey, preauthHash, size);
  const { clientToServer, serverToClient } = keys;
  const seals = cipher !== undefined && clientToServer !== undefined;
  return {
    signer: new Signer(signing, keys.signing),
    sealer: seals ? new Sealer(cipher, clientToServer, sessionId) : undefined,
    opener: seals && serverToClient ? new Opener(cipher, serverToClient) : undefined,
  };
}
