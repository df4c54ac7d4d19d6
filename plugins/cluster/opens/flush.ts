/** Puts the rows of durable opens that changed outside a command (a break timed out, an NFS call) into an entry of their own. */
import type { Group } from '#core/group/group.ts';
import type { DurableTable } from '#core/opens/durable-table.ts';
import type { Clock } from '#core/ports/clock.ts';

/** Milliseconds to the next try while a planned move lets nothing in. */
const RETRY_MS = 20;

export function flushLater(
  durable: DurableTable,
  group: Pick<Group, 'serving' | 'accepting' | 'begin' | 'seal'>,
  clock: Clock,
): void {
  let isDue = false;
  const later = (delayMs = 0): void => {
    if (isDue) return;
    isDue = true;
    clock.after(delayMs, () => {
      isDue = false;
      if (!group.serving || !durable.hasWork) return;
      if (!group.accepting) return later(RETRY_MS);
      durable.flush(group.begin());
      group.seal(undefined);
      if (durable.hasWork) later();
    });
  };
  durable.onDirty(() => later());
}
