/**
 * The one file that says who a box is: `box.toml` in its state directory. What it does not say about volumes, exports
 * and addresses stands in the group's registry, which every box has.
 */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import * as v from 'valibot';

const BoxName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and hyphen'),
);
const Port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const Fingerprint = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of a certificate: 64 hex digits'),
);

const BoxConfigSchema = v.strictObject({
  /** Unique in the cluster. */
  name: BoxName,
  cluster: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(64)), 'alone'),
  /** Where other boxes reach this one. */
  address: v.optional(v.string(), '127.0.0.1'),
  /** Further addresses on other networks: the link between boxes survives the loss of any one. */
  also: v.optional(v.array(v.string()), []),
  'link-port': v.optional(Port, 2050),
  /** Every box of the group, this one included; the first starts a new cluster. */
  members: v.optional(v.array(BoxName)),
  arbiter: v.optional(v.picklist(['alone', 'witness', 'gateway']), 'alone'),
  peer: v.optional(
    v.array(
      v.strictObject({
        name: BoxName,
        address: v.string(),
        also: v.optional(v.array(v.string()), []),
        port: Port,
        fingerprint: Fingerprint,
      }),
    ),
    [],
  ),
  /** Files of guests, plugins of third parties, to load. */
  guests: v.optional(v.array(v.string()), []),
  /** Options of plugins, by plugin id: see `understudy serve --help`. */
  plugin: v.optional(v.record(v.string(), v.record(v.string(), v.unknown())), {}),
});

export type BoxConfig = v.InferOutput<typeof BoxConfigSchema>;

/** Thrown with one sentence for the owner. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads `box.toml`; without one, the box is alone and named after its host. */
export function readBoxConfig(directory: string): BoxConfig {
  const path = join(directory, 'box.toml');
  if (!existsSync(path)) return v.parse(BoxConfigSchema, { name: nameOfHost() });
  let raw: unknown;
  try {
    raw = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    throw new ConfigError(
      `${path}: not TOML at line ${cause.line}: ${cause.message.split('\n')[0]}`,
    );
  }
  const result = v.safeParse(BoxConfigSchema, raw);
  if (result.success) return checked(path, result.output);
  const issue = result.issues[0];
  throw new ConfigError(`${path}: ${v.getDotPath(issue) ?? 'file'}: ${issue.message}`);
}

function checked(path: string, config: BoxConfig): BoxConfig {
  const members = config.members ?? [config.name];
  if (!members.includes(config.name)) {
    throw new ConfigError(`${path}: members: lacks this box, "${config.name}"; add it`);
  }
  if (members.length > 1 && config.arbiter === 'alone') {
    throw new ConfigError(
      `${path}: arbiter: "alone" fits one box, and there are ${members.length}; use "witness" or "gateway"`,
    );
  }
  for (const member of members) {
    if (member === config.name || config.peer.some((peer) => peer.name === member)) continue;
    throw new ConfigError(
      `${path}: members: "${member}" has no [[peer]] with its address and fingerprint`,
    );
  }
  return config;
}

function nameOfHost(): string {
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replace(/^-+/, '')
    .slice(0, 32);
  return name === '' ? 'box' : name;
}
