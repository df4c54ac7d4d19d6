/** Who may serve: the group's configuration, as the arbiter's register holds it. */
import type { BoxId, View } from './entry.ts';

export interface Configuration {
  readonly view: View;
  readonly primary: BoxId;
  /** Every box that has all that was ever acknowledged, the primary included; sorted. */
  readonly inSync: readonly BoxId[];
}
