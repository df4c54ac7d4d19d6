/** Changes outside of a call: an open ends because its client is gone. */
import type { Transaction } from '#core/group/group.ts';
import type { Result } from '#core/result.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { Scene } from './scene.ts';

/** As `SmbCall.transact`. */
export type Transact = <T>(
  run: (transaction: Transaction) => Result<T, FsError>,
) => Result<T, FsError>;

/** Nobody waits for the entry. */
export function transactOf({ group }: Scene): Transact {
  return (run) => {
    const outcome = run(group.begin());
    group.seal(undefined);
    return outcome;
  };
}
