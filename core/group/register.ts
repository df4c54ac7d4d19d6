/**
 * The arbiter's register where one machine holds it: one small file a group, replaced atomically and synced before anybody
 * is told. What it must never do is forget: two primaries of one view are what it is there to prevent.
 */
import * as v from 'valibot';
import { type Disk, DiskError } from '../ports/disk.ts';
import type { ArbiterAnswer, RegisterAnswer } from './arbiter.ts';
import type { BoxId, View } from './entry.ts';
import type { Configuration } from './view.ts';

/** Members of one group; as many as the replication takes. */
const MEMBERS_MAX = 7;
const FORMAT = 1;

const boxId = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9-]{1,32}$/),
  v.transform((name) => name as BoxId),
);

/** A configuration as it stands in files and messages. */
export const ConfigurationSchema = v.pipe(
  v.strictObject({
    view: v.pipe(
      v.number(),
      v.safeInteger(),
      v.minValue(1),
      v.transform((view) => view as View),
    ),
    primary: boxId,
    inSync: v.pipe(v.array(boxId), v.minLength(1), v.maxLength(MEMBERS_MAX), v.readonly()),
  }),
  v.check(({ primary, inSync }) => inSync.includes(primary), 'the primary is not in sync'),
  v.check(
    ({ inSync }) => inSync.every((name, index) => index === 0 || (inSync[index - 1] ?? '') < name),
    'inSync is not sorted',
  ),
);

const FileSchema = v.strictObject({
  format: v.literal(FORMAT),
  group: v.string(),
  configuration: ConfigurationSchema,
});

export interface RegisterOptions {
  readonly group: string;
  /** Below the state directory. */
  readonly path: string;
  /** An empty register takes a first configuration of any view: for a register that joins a group which has run before. */
  readonly adopts: boolean;
}

/** Why `next` must not follow `held`, as a sentence; `undefined` when it may. `proposer` is who asks. */
export function refusalOf(
  held: Configuration,
  next: Configuration,
  proposer: BoxId,
): string | undefined {
  if (next.view !== held.view + 1) {
    return `The register holds view ${held.view} with primary ${held.primary}, so that view ${next.view} cannot follow.`;
  }
  if (!held.inSync.includes(proposer)) {
    return `${proposer} is not in sync in view ${held.view} (${held.inSync.join(', ')} is), so that it may not propose.`;
  }
  return undefined;
}

export function isSame(one: Configuration, other: Configuration): boolean {
  return (
    one.view === other.view &&
    one.primary === other.primary &&
    one.inSync.join() === other.inSync.join()
  );
}

export class Register {
  readonly #disk: Disk;
  readonly #options: RegisterOptions;
  #held: Configuration | undefined;

  /** Throws, with a sentence, when the file is damaged: an empty register would be a lie. */
  constructor(disk: Disk, options: RegisterOptions) {
    this.#disk = disk;
    this.#options = options;
    this.#held = load(disk, options);
  }

  get held(): Configuration | undefined {
    return this.#held;
  }

  read(): RegisterAnswer {
    if (this.#held === undefined) return { kind: 'empty' };
    return { kind: 'accepted', configuration: this.#held };
  }

  /** `accepted` only when the file is synced. @param as The view to keep it under, where that is a later one. */
  propose(next: Configuration, proposer: BoxId, as: View = next.view): ArbiterAnswer {
    const held = this.#held;
    const shape = v.safeParse(ConfigurationSchema, next);
    if (!shape.success) return unreachable(`Not a configuration: ${shape.issues[0].message}.`);
    const kept = { ...next, view: as };
    if (held !== undefined && isSame(held, kept)) return { kind: 'accepted', configuration: held };
    const reason = held === undefined ? this.#firstRefusal(next) : refusalOf(held, next, proposer);
    if (reason === undefined) return this.#keep(kept);
    if (held === undefined) return unreachable(reason);
    return { kind: 'refused', configuration: held, reason };
  }

  /** Takes over what another register decided. Returns false when it could not be written. */
  follow(configuration: Configuration): boolean {
    return this.#keep(configuration).kind === 'accepted';
  }

  #firstRefusal(next: Configuration): string | undefined {
    if (next.view === 1 || this.#options.adopts) return undefined;
    return (
      `The register of group ${this.#options.group} is empty and the group is at view ${next.view - 1}: ` +
      'it is new here, or its state was lost. If no other register decides for this group, start it once with adopt = true.'
    );
  }

  #keep(configuration: Configuration): ArbiterAnswer {
    const { group, path } = this.#options;
    const { view, primary, inSync } = configuration;
    const text = JSON.stringify({
      format: FORMAT,
      group,
      configuration: { view, primary, inSync },
    });
    try {
      this.#disk.replace(path, Buffer.from(`${text}\n`));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return unreachable(`The register cannot be written: ${error.message}.`);
    }
    this.#held = configuration;
    return { kind: 'accepted', configuration };
  }
}

function unreachable(reason: string): ArbiterAnswer {
  return { kind: 'unreachable', reason };
}

function load(disk: Disk, { group, path }: RegisterOptions): Configuration | undefined {
  const bytes = disk.read(path);
  if (bytes === undefined) return undefined;
  const file = v.safeParse(FileSchema, parseJson(bytes.toString()));
  if (file.success && file.output.group === group) return file.output.configuration;
  const what = file.success ? `it is that of group ${file.output.group}` : file.issues[0].message;
  throw new Error(
    `${path}: the register of group ${group} cannot be read (${what}); restore the file from a backup. ` +
      'Removing it makes the group forget who may serve: do that only with every box of the group stopped.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
