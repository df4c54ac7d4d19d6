/** Whose folder it is: the marker file, and the sentences that say why a folder cannot be used. */
import {
  accessSync,
  constants,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { BackendOptions } from '#core/volume/backend.ts';
import { bytesOf, type Layout } from './layout.ts';
import { codeOf } from './status.ts';

/** Version of what stands in `.understudy`; a later one is refused. */
const FORMAT = 1;
/** Names that a fresh file system has and that nobody minds. */
const HARMLESS: ReadonlySet<string> = new Set(['lost+found']);

export interface Marker {
  readonly format: number;
  readonly volume: number;
  readonly name: string;
  /** Of `.understudy` itself: a copy of the folder on another disk has other ones. */
  readonly inode: number;
  readonly bornMs: number;
  /** Counts such copies; see identity.ts. */
  readonly epoch: number;
}

/** A sentence, or `undefined` when the folder can be opened as this volume. */
export function refuseFolder(options: BackendOptions, layout: Layout): string | undefined {
  const { path, volumeName } = options;
  if (!path.startsWith('/'))
    return `volume ${volumeName}: "${path}" is not an absolute path; give one that starts with a slash`;
  const unfit = refusePlace(path, volumeName);
  if (unfit !== undefined) return unfit;
  const marker = readMarker(layout);
  if (marker === undefined) return refuseUnknown(path, volumeName);
  if (marker === 'unreadable') {
    return `${path}/.understudy/volume.json cannot be read as the marker of a volume; restore it, or choose another folder for volume ${volumeName}`;
  }
  if (marker.format > FORMAT) {
    return `${path} was written by a later version (format ${marker.format}, this one knows ${FORMAT}); update this box, or choose another folder for volume ${volumeName}`;
  }
  if (marker.volume !== options.volume) {
    return `${path} belongs to volume ${marker.name} (${marker.volume}); choose another folder for volume ${volumeName} (${options.volume})`;
  }
  return undefined;
}

/** Reads the marker, writes it where it is missing or out of date, and returns the epoch of this folder. */
export function claimFolder(options: BackendOptions, layout: Layout): number {
  const found = readMarker(layout);
  layout.make();
  const corner = statSync(bytesOf(layout.corner));
  const here = { inode: corner.ino, bornMs: corner.birthtimeMs };
  const known = found === undefined || found === 'unreadable' ? undefined : found;
  const isHere = known?.inode === here.inode && known.bornMs === here.bornMs;
  const epoch = known === undefined ? 1 : isHere ? known.epoch : known.epoch + 1;
  if (isHere && known.name === options.volumeName) return epoch;
  const marker: Marker = {
    format: FORMAT,
    volume: options.volume,
    name: options.volumeName,
    ...here,
    epoch,
  };
  const part = bytesOf(`${layout.marker}.part`);
  writeFileSync(part, `${JSON.stringify(marker)}\n`, { mode: 0o600, flush: true });
  renameSync(part, bytesOf(layout.marker));
  return epoch;
}

function refusePlace(path: string, volumeName: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) {
      return `${path} is not a folder; choose another one for volume ${volumeName}`;
    }
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT')
      return `${path} does not exist; create the folder, or mount the disk that holds volume ${volumeName}`;
    if (code === 'EACCES')
      return `${path} is not writable for this user; give it read, write and search permission, or choose another folder for volume ${volumeName}`;
    if (code === 'EROFS')
      return `${path} is on a file system that is mounted read-only; mount it for writing, or choose another folder for volume ${volumeName}`;
    return `${path} cannot be used for volume ${volumeName} (${code === '' ? String(error) : code}); choose another folder`;
  }
}

function refuseUnknown(path: string, volumeName: string): string | undefined {
  const names = readdirSync(path).filter((name) => !HARMLESS.has(name));
  // Our corner without a marker: an earlier start ended while it was being made.
  if (names.every((name) => name === '.understudy')) return undefined;
  const example = names.find((name) => name !== '.understudy');
  return `${path} is not empty (it holds "${example}") and was not made by Understudy; choose an empty folder for volume ${volumeName}`;
}

function readMarker(layout: Layout): Marker | 'unreadable' | undefined {
  let text: string;
  try {
    text = readFileSync(bytesOf(layout.marker), 'utf8');
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : 'unreadable';
  }
  try {
    return markerOf(JSON.parse(text));
  } catch {
    return 'unreadable';
  }
}

function markerOf(value: unknown): Marker | 'unreadable' {
  if (typeof value !== 'object' || value === null) return 'unreadable';
  const fields = new Map<string, unknown>(Object.entries(value));
  const format = numberIn(fields, 'format');
  const volume = numberIn(fields, 'volume');
  const name = fields.get('name');
  if (format === undefined || volume === undefined || typeof name !== 'string') return 'unreadable';
  const inode = numberIn(fields, 'inode') ?? 0;
  const bornMs = numberIn(fields, 'bornMs') ?? 0;
  return { format, volume, name, inode, bornMs, epoch: numberIn(fields, 'epoch') ?? 1 };
}

function numberIn(fields: ReadonlyMap<string, unknown>, name: string): number | undefined {
  const value = fields.get(name);
  return typeof value === 'number' ? value : undefined;
}
