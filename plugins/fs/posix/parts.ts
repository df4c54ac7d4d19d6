/** The parts of a volume's folder, as those work with them that change its tree. */
import type { Log } from '#core/log-line.ts';
import type { Syscalls } from '#core/ports/syscalls.ts';
import type { Content } from './content.ts';
import type { Descriptors } from './descriptors.ts';
import type { Labels } from './labels.ts';
import type { Layout } from './layout.ts';
import type { Made } from './made.ts';
import type { Objects } from './objects.ts';
import type { Owners } from './owners.ts';
import type { Places } from './places.ts';
import type { Reserved } from './reserved.ts';
import type { Strangers } from './strangers.ts';
import type { Unnamed } from './unnamed.ts';

export interface Parts {
  readonly layout: Layout;
  readonly objects: Objects;
  readonly places: Places;
  readonly content: Content;
  readonly unnamed: Unnamed;
  readonly reserved: Reserved;
  readonly strangers: Strangers;
  readonly labels: Labels;
  readonly made: Made;
  readonly descriptors: Descriptors;
  readonly owners: Owners;
  readonly syscalls: Syscalls;
  readonly log: Log;
  readonly isRoot: boolean;
}
