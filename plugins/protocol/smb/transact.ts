/** Changes outside of a call: an open ends because its client is gone, or does not come back. */
import type { Transaction } from '#core/group/group.ts';
import type { Result } from '#core/result.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { Scene } from './scene.ts';

/** As `SmbCall.transact`. */
export type Transact = <T>(
  run: (transaction: Transaction) => Result<T, FsError>,
) => Result<T, FsError>;

/** Milliseconds to the next try while a planned move lets nothing in. */
const RETRY_MS = 20;

/** Runs `change` in an entry of its own, for which nobody waits; not at all once another box serves. */
export function transactSoon(scene: Scene, change: (transact: Transact) => void): void {
  const { group, clock } = scene;
  if (!group.serving) return;
  if (!group.accepting) {
    clock.after(RETRY_MS, () => transactSoon(scene, change));
    return;
  }
  change((run) => {
    try {
      return run(group.begin());
    } finally {
      group.seal(undefined);
    }
  });
}
