/**
 * What all clients of the volume were told, and whether it can be true: first replies, handles, and in the end what
 * every box holds.
 */
import { readBody } from '#core/group/body.ts';
import type { Entry, Position } from '#core/group/entry.ts';
import { Log } from '#core/group/log.ts';
import { type FileId, hasContent, type Inode, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { Volume } from '#core/volume/volume.ts';
import type { Box } from './box.ts';
import { SimFailure } from './history.ts';
import { LEFT } from './leaver.ts';
import type { Handle } from './volume-call.ts';
import { VOLUME, type VolumeMachine } from './volume-machine.ts';
import type { VolumeModel } from './volume-model.ts';

/** The first rows that are a box's own (core/group/staged-table.ts). */
const OWN_ROWS = '\xfe';
const READ_SIZE = 1 << 20;

export interface LedgerOptions {
  /** Boxes lose power: what is neither stable nor committed may go, with notice. */
  readonly power: boolean;
  /** Logs do not reach back to the beginning. */
  readonly shortLogs: boolean;
}

export class VolumeLedger {
  readonly options: LedgerOptions;
  readonly #replies = new Map<string, Buffer>();
  readonly #handles = new Map<FileId, string>();
  readonly #changes = new Map<string, number>();

  constructor(options: LedgerOptions) {
    this.options = options;
  }

  get count(): number {
    return this.#replies.size;
  }

  answered(key: string, reply: Buffer): void {
    const first = this.#replies.get(key);
    if (first !== undefined && !first.equals(reply)) {
      throw new SimFailure(`${key} was answered with ${first} and then with ${reply}`);
    }
    this.#replies.set(key, reply);
  }

  made(key: string, { file }: Handle): void {
    const before = this.#handles.get(file);
    if (before !== undefined && before !== key) {
      throw new SimFailure(`${key} made file ${file}, which ${before} had made`);
    }
    this.#handles.set(file, key);
  }

  /** A reader saw an inode: its change never goes back. */
  saw({ id, generation, change }: Inode): void {
    const handle = `${id} ${generation}`;
    const before = this.#changes.get(handle) ?? 0;
    if (change < before && !this.options.power) {
      throw new SimFailure(`file ${id} was seen with change ${before} and then with ${change}`);
    }
    this.#changes.set(handle, change);
  }

  /** Everything has come to rest: compares the boxes that are in sync with one another and with the models. */
  check(boxes: readonly Box<VolumeMachine>[], models: readonly VolumeModel[]): void {
    const [first, ...others] = boxes;
    if (first === undefined) return;
    const rows = rowsOf(first);
    for (const other of others) {
      compareRows(first, rows, other);
      compareLeft(first, other);
    }
    for (const box of boxes) {
      for (const model of models) this.#compare(box, model);
      checkMedium(box);
      checkProtocolRows(box);
      checkTimes(box);
      checkOnce(box, this.options.power);
    }
  }

  /** Nothing that a box had in its log was thrown away. */
  checkAside(boxes: readonly Box<VolumeMachine>[]): void {
    const there = new Set(boxes.flatMap((box) => keysOf(box)));
    for (const box of boxes) {
      const aside = new Set(box.aside);
      for (const id of box.logged) {
        if (!there.has(id) && !aside.has(id)) throw new SimFailure(`${id} of ${box.id} is nowhere`);
      }
    }
  }

  #compare(box: Box<VolumeMachine>, model: VolumeModel): void {
    const volume = volumeOf(box);
    const wanted = model.tree.drawn();
    const there = drawn(volume, model);
    if (wanted.join('\n') !== there.lines.join('\n')) {
      throw new SimFailure(`${box.id} has\n${there.lines.join('\n')}\nnot\n${wanted.join('\n')}`);
    }
    for (const { id } of there.inodes) {
      const number = model.numberOf(id) as number;
      const { bytes } = model.file(number);
      const content = contentOf(volume, id);
      if (model.tree.isFile(number) && !content.equals(bytes)) {
        throw new SimFailure(differ(`${box.id} file ${id}`, content, bytes));
      }
    }
  }
}

export function differ(what: string, there: Buffer, wanted: Buffer): string {
  let at = 0;
  while (at < there.length && there[at] === wanted[at]) at += 1;
  const hex = (bytes: Buffer) => bytes.subarray(at, at + 16).toString('hex');
  return `${what}: at ${at} of ${there.length} ${hex(there)}, not ${hex(wanted)} of ${wanted.length}`;
}

/** The client's folder as the tree has it, in the words of the model. */
export function drawn(
  volume: Pick<Volume, 'tree'>,
  model: VolumeModel,
): { readonly lines: string[]; readonly inodes: Inode[] } {
  const lines: string[] = [];
  const inodes: Inode[] = [];
  const beside = (file: FileId, path: string): void => {
    for (const { name, id } of volume.tree.streams(file)) {
      const inode = volume.tree.inode(id);
      if (inode === undefined) throw new SimFailure(`${path}:${name} means file ${id}: not there`);
      inodes.push(inode);
      lines.push(
        `${path}:${name} ${model.numberOf(id)} ${inode.kind} ${inode.nlink} ${inode.size}`,
      );
    }
    for (const { name, value } of volume.tree.extras(file, 'attribute')) {
      lines.push(`${path}@${name} ${model.numberOf(file)} ${value}`);
    }
  };
  const walk = (directory: FileId, path: string): void => {
    beside(directory, path);
    for (const { name, id } of volume.tree.entries(directory)) {
      const inode = volume.tree.inode(id);
      if (inode === undefined) throw new SimFailure(`${path}/${name} means file ${id}: not there`);
      if (volume.tree.childFolded(directory, name as Name)?.id !== id) {
        throw new SimFailure(`${path}/${name} is not found by its own name`);
      }
      inodes.push(inode);
      const isDirectory = inode.kind === 'directory';
      const size = isDirectory ? 0 : inode.size;
      const number = model.numberOf(id);
      lines.push(`${path}/${name} ${number} ${inode.kind} ${inode.nlink} ${size}`);
      if (isDirectory) walk(id, `${path}/${name}`);
      else beside(id, `${path}/${name}`);
    }
  };
  walk(model.handle(0).file, '');
  return { lines: lines.sort(), inodes };
}

export function contentOf(
  volume: { readonly tree: Volume['tree']; read: Volume['read'] },
  file: FileId,
): Buffer {
  const target = Buffer.alloc(volume.tree.inode(file)?.size ?? 0);
  volume.read(file, 0, target);
  return target;
}

function volumeOf(box: Box<VolumeMachine>): Volume {
  const volume = box.machine.state.volume(VOLUME);
  if (volume === undefined) throw new SimFailure(`${box.id} has no volume`);
  return volume;
}

function rowsOf(box: Box<VolumeMachine>): string[] {
  const rows = box.machine.keeper.store.range('', OWN_ROWS, Number.MAX_SAFE_INTEGER);
  return rows.map(({ key, value }) => `${printable(key)} ${value.toString('hex')}`);
}

function compareRows(first: Box<VolumeMachine>, rows: string[], other: Box<VolumeMachine>): void {
  const theirs = rowsOf(other);
  const at = rows.findIndex((row, index) => row !== theirs[index]);
  if (at < 0 && rows.length === theirs.length) return;
  throw new SimFailure(`catalogs differ: ${first.id} ${rows[at]}, ${other.id} ${theirs[at]}`);
}

/** What a box has of protocols' rows in memory is what its store has, which others' stores were compared with. */
function checkProtocolRows(box: Box<VolumeMachine>): void {
  const { state, keeper } = box.machine;
  const print = ({ key, value }: { readonly key: string; readonly value: Buffer }): string =>
    `${printable(key)} ${value.toString('hex')}`;
  const there = state.rows.rows('').map(print);
  const stored = keeper.store
    .range('\x00p', '\x00q', Number.MAX_SAFE_INTEGER)
    .map(({ key, value }) => print({ key: key.slice(2), value }));
  if (there.join('\n') === stored.join('\n')) return;
  throw new SimFailure(`${box.id} holds rows\n${there.join('\n')}\nnot\n${stored.join('\n')}`);
}

/** The file of a client that asked for nothing twice (leaver.ts). */
function compareLeft(first: Box<VolumeMachine>, other: Box<VolumeMachine>): void {
  const file = volumeOf(first).tree.child(ROOT_ID, LEFT)?.id;
  if (file === undefined) return;
  const [one, two] = [first, other].map((box) => contentOf(volumeOf(box), file));
  if (one === undefined || two === undefined || one.equals(two)) return;
  throw new SimFailure(differ(`${LEFT} on ${first.id} and ${other.id}`, one, two));
}

/** What the backend was told of names and sizes is what the catalog says. */
function checkMedium(box: Box<VolumeMachine>): void {
  const { medium, store, options } = box.machine.keeper;
  if (!options.persistent) return;
  const volume = volumeOf(box);
  const wanted = new Map<string, number>();
  const ids = new Set<FileId>();
  const checkFile = (id: FileId): void => {
    const inode = volume.tree.inode(id);
    const size = medium.content.get(id)?.length ?? 0;
    if (inode !== undefined && hasContent(inode.kind) && inode.size !== size)
      throw new SimFailure(`${box.id} keeps ${size} bytes of file ${id}, not ${inode.size}`);
    for (const stream of volume.tree.streams(id)) checkFile(stream.id);
  };
  const walk = (directory: FileId): void => {
    for (const { name, id } of volume.tree.entries(directory)) {
      wanted.set(`${directory}/${name}`, id);
      ids.add(id);
      if (volume.tree.inode(id)?.kind === 'directory') walk(id);
      checkFile(id);
    }
  };
  walk(1 as FileId);
  for (const orphan of volume.tree.orphans()) {
    ids.add(orphan);
    checkFile(orphan);
  }
  const print = (names: ReadonlyMap<string, number>) => JSON.stringify([...names].sort());
  if (print(wanted) !== print(medium.names)) {
    throw new SimFailure(`${box.id} mirrors ${print(medium.names)}, not ${print(wanted)}`);
  }
  const own = store.range(OWN_ROWS, '\xff', Number.MAX_SAFE_INTEGER).length;
  if (own !== ids.size) throw new SimFailure(`${box.id} has ${own} own rows, ${ids.size} files`);
}

/** Keys of all replies in the box's log, in order; `stable`: only of calls that survive power cuts. */
function keysOf(box: Box<VolumeMachine>, stable = false): string[] {
  const keys: string[] = [];
  eachEntry(box, (entry) => {
    const { reply } = readBody(entry.body);
    if (reply !== undefined && (entry.stable || !stable)) keys.push(reply.key);
  });
  return keys;
}

/** Of the box's log, in order. */
function eachEntry(box: Box<VolumeMachine>, visit: (entry: Entry) => void): void {
  const log = new Log(box.disk);
  const { applied, appliedView } = box.machine.state;
  log.open(applied, appliedView);
  for (let next = log.first; next <= log.last; ) {
    const records = log.read(next, log.last, READ_SIZE);
    for (const { entry } of records) visit(entry);
    next = (next + records.length) as Position;
  }
}

/** Whoever made an entry, and whatever its clock said: times of files never run backwards. */
function checkTimes(box: Box<VolumeMachine>): void {
  let last = { seconds: 0, nanoseconds: -1 };
  eachEntry(box, ({ position, time }) => {
    const { seconds, nanoseconds } = time;
    if (seconds < last.seconds || (seconds === last.seconds && nanoseconds <= last.nanoseconds)) {
      throw new SimFailure(
        `entry ${position} of ${box.id} has an earlier time than the one before`,
      );
    }
    last = time;
  });
}

function checkOnce(box: Box<VolumeMachine>, power: boolean): void {
  const seen = new Set<string>();
  for (const key of keysOf(box, power)) {
    if (seen.has(key)) throw new SimFailure(`${key} was executed twice, says the log of ${box.id}`);
    seen.add(key);
  }
}

function printable(key: string): string {
  return Buffer.from(key, 'latin1').toString('hex');
}
