/** A change of the registry as bytes: JSON, checked where it is read, since it comes from another box or an old log. */
import * as v from 'valibot';
import { DecodeError } from '../wire/reader.ts';
import {
  type RegistryChange,
  SHARE_COMMENT_SIZE_MAX,
  SHARE_NAME_SIZE_MAX,
  USER_GROUPS_MAX,
  USER_NAME_SIZE_MAX,
} from './registry.ts';

const Id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Handles = v.picklist(['generic', 'issuer']);
const hex = (size: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${2 * size}}$`)));

const Limits = v.object({
  nameSizeMax: Count,
  fileSizeMax: Count,
  symlinkSizeMax: Count,
  linksMax: Count,
});

const Volume = v.object({
  id: Id,
  name: v.string(),
  durability: v.picklist(['disk', 'memory']),
  fsid: hex(16),
  limits: Limits,
  members: v.record(v.string(), v.object({ backend: v.string(), path: v.string() })),
});

const Export = v.object({
  id: Id,
  volume: Id,
  path: v.string(),
  root: Id,
  networks: v.array(v.string()),
  squash: v.picklist(['root_squash', 'no_root_squash', 'all_squash']),
  anonymousUid: Count,
  anonymousGid: Count,
  readOnly: v.boolean(),
  handles: Handles,
});

/** Numbers of users and groups, and words of a SID. */
const Word = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff));
const text = (sizeMax: number) => v.pipe(v.string(), v.maxLength(sizeMax));

const User = v.object({
  id: Id,
  name: text(USER_NAME_SIZE_MAX),
  uid: Word,
  gid: Word,
  groups: v.pipe(v.array(Word), v.maxLength(USER_GROUPS_MAX)),
  secret: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,256}$/)),
  disabled: v.boolean(),
});

const Share = v.object({
  id: Id,
  name: text(SHARE_NAME_SIZE_MAX),
  volume: Id,
  root: Id,
  readOnly: v.boolean(),
  encrypted: v.boolean(),
  comment: text(SHARE_COMMENT_SIZE_MAX),
  networks: v.array(v.string()),
});

const Identity = v.object({ guid: hex(16), domain: v.tuple([Word, Word, Word]), keyId: hex(8) });

const Change = v.variant('kind', [
  v.object({ kind: v.literal('put-volume'), record: Volume }),
  v.object({ kind: v.literal('put-export'), record: Export }),
  v.object({ kind: v.literal('remove-export'), id: Id }),
  v.object({
    kind: v.literal('put-address'),
    record: v.object({ address: v.string(), interface: v.string() }),
  }),
  v.object({ kind: v.literal('remove-address'), address: v.string() }),
  v.object({ kind: v.literal('put-handle-key'), record: v.object({ id: Count, secret: hex(16) }) }),
  v.object({ kind: v.literal('put-user'), record: User }),
  v.object({ kind: v.literal('remove-user'), id: Id }),
  v.object({ kind: v.literal('put-share'), record: Share }),
  v.object({ kind: v.literal('remove-share'), id: Id }),
  v.object({ kind: v.literal('put-server-identity'), record: Identity }),
  v.object({ kind: v.literal('put-verifier'), verifier: hex(8) }),
]);

export function encodeRegistryChange(change: RegistryChange): Buffer {
  return Buffer.from(JSON.stringify(change), 'utf8');
}

/** Throws `DecodeError` for what is no change that this version knows. */
export function decodeRegistryChange(bytes: Buffer): RegistryChange {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new DecodeError('registry: is not JSON');
  }
  const change = v.safeParse(Change, value);
  if (change.success) return change.output;
  const [issue] = change.issues;
  throw new DecodeError(`registry: ${v.getDotPath(issue) ?? 'change'}: ${issue.message}`);
}
