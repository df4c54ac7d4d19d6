/** What a change of a volume means to whoever watches a folder ([MS-FSA] §2.1.4.1, [MS-SMB2] §2.2.35). */
import type { MadeChange } from '#core/group/group.ts';
import type { Time } from '#core/ports/clock.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import type { RenameChange } from '#core/volume/operations/rename.ts';
import type {
  Changed,
  CreateOutcome,
  LinkOutcome,
  RemoveDirectoryOutcome,
  RemoveOutcome,
  RenameOutcome,
  SetAttributesOutcome,
  SetExtraArgs,
  WriteOutcome,
} from '#core/volume/operations/types.ts';

export const FILE_NOTIFY_CHANGE_FILE_NAME = 0x1;
export const FILE_NOTIFY_CHANGE_DIR_NAME = 0x2;
export const FILE_NOTIFY_CHANGE_ATTRIBUTES = 0x4;
export const FILE_NOTIFY_CHANGE_SIZE = 0x8;
export const FILE_NOTIFY_CHANGE_LAST_WRITE = 0x10;
export const FILE_NOTIFY_CHANGE_LAST_ACCESS = 0x20;
export const FILE_NOTIFY_CHANGE_CREATION = 0x40;
export const FILE_NOTIFY_CHANGE_EA = 0x80;
export const FILE_NOTIFY_CHANGE_SECURITY = 0x100;
export const FILE_NOTIFY_CHANGE_STREAM_NAME = 0x200;
export const FILE_NOTIFY_CHANGE_STREAM_SIZE = 0x400;
export const FILE_NOTIFY_CHANGE_STREAM_WRITE = 0x800;

/** [MS-FSCC] §2.7.1. */
export const FILE_ACTION_ADDED = 1;
export const FILE_ACTION_REMOVED = 2;
export const FILE_ACTION_MODIFIED = 3;
export const FILE_ACTION_RENAMED_OLD_NAME = 4;
export const FILE_ACTION_RENAMED_NEW_NAME = 5;

/** A name as it stands in a folder. */
export interface ChangedPlace {
  readonly directory: FileId;
  /** Byte string. */
  readonly name: string;
}

export interface ChangeEvent {
  readonly action: number;
  /** FILE_NOTIFY_CHANGE_*: whoever asked for one of them is told. */
  readonly filter: number;
  readonly file: FileId;
  /** `undefined`: the file was changed by its id, and its names are to be found. */
  readonly place: ChangedPlace | undefined;
}

type Translate = (change: never, outcome: never) => readonly ChangeEvent[];

/** By the operation's name; what is not here is nobody's business. */
const TRANSLATIONS: Readonly<Record<string, Translate>> = {
  create: (place: ChangedPlace, { inode, created }: CreateOutcome) =>
    created
      ? [named(FILE_ACTION_ADDED, place, inode)]
      : [modified(inode.id, FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE)],
  link: (place: ChangedPlace, { file }: LinkOutcome) => [
    named(FILE_ACTION_ADDED, place, file.after),
  ],
  remove: (place: ChangedPlace, { file }: RemoveOutcome) => [
    named(FILE_ACTION_REMOVED, place, file),
  ],
  'remove-directory': (place: ChangedPlace, { file }: RemoveDirectoryOutcome) => [
    named(FILE_ACTION_REMOVED, place, file),
  ],
  rename: renamed,
  write: (_change: unknown, { file }: WriteOutcome) => contentChanged(file),
  'set-attributes': (_change: unknown, { file }: SetAttributesOutcome) => attributesChanged(file),
  'set-extra': (args: SetExtraArgs) => [modified(args.file, extraFilter(args))],
};

/** What watchers of any folder are told, in its order. */
export function eventsOf({ operation, change, outcome }: MadeChange): readonly ChangeEvent[] {
  const translate = TRANSLATIONS[operation.name];
  if (translate === undefined) return [];
  // The operation's own types, which the table's row names.
  return translate(change as never, outcome as never);
}

function named(action: number, { directory, name }: ChangedPlace, inode: Inode): ChangeEvent {
  return { action, filter: nameFilter(inode), file: inode.id, place: { directory, name } };
}

function nameFilter({ kind }: Inode): number {
  return kind === 'directory' ? FILE_NOTIFY_CHANGE_DIR_NAME : FILE_NOTIFY_CHANGE_FILE_NAME;
}

function modified(file: FileId, filter: number): ChangeEvent {
  return { action: FILE_ACTION_MODIFIED, filter, file, place: undefined };
}

/** Within a folder both names are told; between two it is a name less here and one more there. */
function renamed(change: RenameChange, { inode }: RenameOutcome): readonly ChangeEvent[] {
  const { source, target, replaced, same } = change;
  if (same) return [];
  const filter = nameFilter(inode);
  const within = source.directory === target.directory;
  const events: ChangeEvent[] = [];
  if (replaced !== undefined) {
    events.push({ action: FILE_ACTION_REMOVED, filter, file: replaced.file, place: target });
  }
  const away = within ? FILE_ACTION_RENAMED_OLD_NAME : FILE_ACTION_REMOVED;
  const here = within ? FILE_ACTION_RENAMED_NEW_NAME : FILE_ACTION_ADDED;
  events.push({ action: away, filter, file: inode.id, place: source });
  events.push({ action: here, filter, file: inode.id, place: target });
  return events;
}

function contentChanged({ before, after }: Changed): readonly ChangeEvent[] {
  if (before === after) return [];
  if (after.kind === 'stream') {
    const size = before.size === after.size ? 0 : FILE_NOTIFY_CHANGE_STREAM_SIZE;
    return [modified(after.parent, FILE_NOTIFY_CHANGE_STREAM_WRITE | size)];
  }
  const size = before.size === after.size ? 0 : FILE_NOTIFY_CHANGE_SIZE;
  return [modified(after.id, FILE_NOTIFY_CHANGE_LAST_WRITE | size)];
}

function attributesChanged({ before, after }: Changed): readonly ChangeEvent[] {
  if (after.kind === 'stream') return contentChanged({ before, after });
  let filter = 0;
  if (before.size !== after.size) filter |= FILE_NOTIFY_CHANGE_SIZE;
  if (before.dos !== after.dos) filter |= FILE_NOTIFY_CHANGE_ATTRIBUTES;
  if (!isSame(before.mtime, after.mtime)) filter |= FILE_NOTIFY_CHANGE_LAST_WRITE;
  if (!isSame(before.atime, after.atime)) filter |= FILE_NOTIFY_CHANGE_LAST_ACCESS;
  if (!isSame(before.btime, after.btime)) filter |= FILE_NOTIFY_CHANGE_CREATION;
  const isRights =
    before.mode !== after.mode || before.uid !== after.uid || before.gid !== after.gid;
  if (isRights) filter |= FILE_NOTIFY_CHANGE_SECURITY | FILE_NOTIFY_CHANGE_ATTRIBUTES;
  return filter === 0 ? [] : [modified(after.id, filter)];
}

function isSame(one: Time, other: Time): boolean {
  return one.seconds === other.seconds && one.nanoseconds === other.nanoseconds;
}

function extraFilter({ changes }: SetExtraArgs): number {
  const isSecurity = changes.some(({ kind }) => kind === 'security');
  const isAttribute = changes.some(({ kind }) => kind === 'attribute');
  const attributes = isAttribute ? FILE_NOTIFY_CHANGE_EA : 0;
  return (isSecurity ? FILE_NOTIFY_CHANGE_SECURITY : 0) | attributes;
}
