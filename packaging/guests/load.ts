/**
 * Loads guests, plugins of third parties, from the files that `box.toml` names: off unless it names some.
 *
 * A guest is a module, CommonJS or ES, that says which plugin API it was written for and makes its plugin from the tools
 * it is handed, so that it needs nothing of ours installed. See `examples/beacon.mjs`. It runs in this process with
 * all its rights: who may write to the file may do all that the box may do.
 */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import * as v from 'valibot';
import { PLUGIN_API, type Plugin } from '#core/plugin.ts';
import { service } from '#core/services.ts';

/** What a guest is made with: keys of services by name, and schemas of options. */
const TOOLS = { service, v };

const Key = v.object({ name: v.string() });
const Option = v.object({ schema: v.object({ kind: v.literal('schema') }), help: v.string() });

const GuestModule = v.object({
  api: v.pipe(v.number(), v.integer()),
  create: v.function(),
});

const GuestPlugin = v.object({
  id: v.pipe(
    v.string(),
    v.regex(
      /^guest\/[a-z0-9][a-z0-9-]{0,31}$/,
      'must look like guest/NAME, of a-z, 0-9 and hyphen',
    ),
  ),
  kind: v.picklist(['fs', 'protocol', 'cluster', 'discovery', 'control']),
  needs: v.array(Key),
  offers: v.array(Key),
  options: v.record(v.string(), Option),
  start: v.function(),
});

export interface Loaded {
  readonly guests: readonly Plugin[];
  /** A sentence for each file that gave none. */
  readonly refused: readonly string[];
}

export function loadGuests(paths: readonly string[]): Loaded {
  const guests: Plugin[] = [];
  const refused: string[] = [];
  for (const path of paths) {
    try {
      guests.push(loadGuest(path));
    } catch (cause) {
      refused.push(`${path}: ${(cause as Error).message}`);
    }
  }
  return { guests, refused };
}

function loadGuest(path: string): Plugin {
  demandSafe(path);
  const module: unknown = createRequire(path)(path);
  const { api, create } = shaped('the module', GuestModule, module);
  if (api !== PLUGIN_API) {
    throw new Error(
      `written for plugin API ${api}, and this program has ${PLUGIN_API}; get a version of it that fits`,
    );
  }
  const made: unknown = create(TOOLS);
  shaped('what create() returns', GuestPlugin, made);
  // Not the copy that the schema made: `this` in its functions is the guest's own object.
  return made as Plugin;
}

/** As sshd looks at keys: a file that others may write to gives them this process. */
function demandSafe(path: string): void {
  if (!isAbsolute(path)) throw new Error('is no absolute path');
  const { uid, mode } = statSync(path);
  if (uid !== 0 && uid !== process.getuid?.()) {
    throw new Error(`belongs to user ${uid}; it must belong to root or to the user of the box`);
  }
  if ((mode & 0o022) !== 0) throw new Error('others may write to it; "chmod go-w" it');
}

function shaped<S extends v.GenericSchema>(
  what: string,
  schema: S,
  given: unknown,
): v.InferOutput<S> {
  const outcome = v.safeParse(schema, given);
  if (outcome.success) return outcome.output;
  const [issue] = outcome.issues;
  const place = v.getDotPath(issue);
  throw new Error(`${what} is no plugin: ${place === null ? '' : `${place}: `}${issue.message}`);
}
