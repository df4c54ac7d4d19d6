/**
 * Brings the backends of a box that was started again in line with what its log holds behind its store.
 *
 * The tree was somewhere on its way when the process ended, and after a power cut so were contents. Nobody asks how
 * far: the tree is made what the catalog says of all that these entries touched, and after a power cut each file's bytes
 * what the log says of them (core/volume/edits.ts).
 */
import { type FileId, hasContent, type Inode } from '../vfs/inode.ts';
import type { Name } from '../vfs/name.ts';
import type { MirrorNode, Place, Unsettled } from '../volume/backend.ts';
import { type LoggedEdit, type Range, rewritingOf } from '../volume/edits.ts';
import type { Touched } from '../volume/operation.ts';
import { operationOf } from '../volume/operations.ts';
import type { Volume } from '../volume/volume.ts';
import { REGISTRY_VOLUME, readBody } from './body.ts';
import type { BoxId, Entry, Position } from './entry.ts';

/** Looked at together where a file is to hold zeros: compared, and not counted, because a hole may be large. */
const ZEROS = Buffer.alloc(256 * 1024);

/** What the entries did to one volume. */
class Trail {
  readonly files = new Set<FileId>();
  readonly names = new Map<string, Place>();
  readonly made = new Set<FileId>();
  readonly coming = new Set<FileId>();
  readonly going = new Set<FileId>();
  readonly targets = new Set<string>();
  readonly edits = new Map<FileId, LoggedEdit[]>();

  touch({ files, names, makes, target, ends }: Touched, isCommitted: boolean): void {
    for (const file of files) this.files.add(file);
    for (const place of names) this.names.set(`${place.directory}/${place.name}`, place);
    if (makes !== undefined) (isCommitted ? this.made : this.coming).add(makes);
    if (ends !== undefined && !isCommitted) this.going.add(ends);
    if (target !== undefined) this.targets.add(target);
  }

  edited(logged: LoggedEdit): void {
    const { file } = logged.edit;
    const edits = this.edits.get(file);
    if (edits === undefined) this.edits.set(file, [logged]);
    else edits.push(logged);
  }
}

export class Restart {
  readonly #box: BoxId;
  readonly #trails = new Map<number, Trail>();

  constructor(box: BoxId) {
    this.#box = box;
  }

  /** Takes note of the next entry behind what the tree is known to follow. */
  pass(entry: Entry, isCommitted: boolean): void {
    for (const change of readBody(entry.body).changes) {
      const operation = operationOf(change.code);
      if (change.volume === REGISTRY_VOLUME || operation === undefined) continue;
      const decided = operation.decode(change.reader);
      const trail = this.#trailOf(change.volume);
      const touched = operation.touches?.(decided);
      if (touched !== undefined) trail.touch(touched, isCommitted);
      const edit = operation.edit?.(decided);
      const { position, data, dataSize } = entry;
      const isLogged = dataSize === 0 || data !== undefined;
      if (edit !== undefined) trail.edited({ position, edit, isLogged });
    }
  }

  /** Forgets what entries behind `position` said of contents. What they said of the tree may be there. */
  discardAfter(position: Position): void {
    for (const { edits } of this.#trails.values()) {
      for (const [file, list] of edits) {
        edits.set(
          file,
          list.filter((logged) => logged.position <= position),
        );
      }
    }
  }

  /** To be called when the catalog is what is committed. Throws `BackendError`. */
  mend(volumes: Iterable<Volume>): void {
    for (const volume of volumes) {
      const trail = this.#trails.get(volume.record.id);
      if (trail !== undefined) volume.backend.mend?.(this.#unsettled(volume, trail));
    }
  }

  /**
   * To be called when everything is staged: writes the contents of backends that keep them.
   * @param each Goes through the entries that were passed, once more.
   */
  rewrite(volumes: Iterable<Volume>, each: (visit: (entry: Entry) => void) => void): void {
    const puts = new Map<number, ReadonlyMap<FileId, ReadonlyMap<number, readonly Range[]>>>();
    const kept = [...volumes].filter(({ backend }) => backend.abilities.persistent);
    for (const volume of kept) {
      const trail = this.#trails.get(volume.record.id);
      if (trail !== undefined) puts.set(volume.record.id, prepare(volume, trail));
    }
    each((entry) => {
      const { position, data } = entry;
      if (data === undefined || entry.dataSize === 0) return;
      for (const { volume, file, offset } of putsOf(entry)) {
        const parts = puts.get(volume)?.get(file)?.get(position) ?? [];
        const backend = kept.find(({ record }) => record.id === volume)?.backend;
        for (const { from, to } of parts) {
          backend?.write(file, from, data.subarray(from - offset, to - offset));
        }
      }
    });
    for (const volume of kept) {
      for (const file of puts.get(volume.record.id)?.keys() ?? []) {
        volume.backend.truncate(file, volume.catalog.inode(file)?.size ?? 0);
      }
    }
  }

  #trailOf(volume: number): Trail {
    const known = this.#trails.get(volume);
    if (known !== undefined) return known;
    const trail = new Trail();
    this.#trails.set(volume, trail);
    return trail;
  }

  #unsettled({ catalog }: Volume, trail: Trail): Unsettled {
    return {
      files: trail.files,
      names: [...trail.names.values()],
      made: trail.made,
      coming: trail.coming,
      going: trail.going,
      targets: trail.targets,
      node: (file) => nodeOf(catalog.inode(file), this.#box),
      child: (directory, name) => catalog.child(directory, name as Name)?.id,
    };
  }
}

/** Makes zeros what is zeros, of each file that is still there; returns what is to be written over it. */
function prepare(
  { backend, catalog }: Volume,
  trail: Trail,
): ReadonlyMap<FileId, ReadonlyMap<number, readonly Range[]>> {
  const puts = new Map<FileId, ReadonlyMap<number, readonly Range[]>>();
  for (const [file, edits] of trail.edits) {
    const inode = catalog.inode(file);
    if (inode === undefined || !hasContent(inode.kind)) continue;
    const rewriting = rewritingOf(edits);
    const tail = rewriting.zeros.find(({ to }) => to === Infinity);
    if (tail !== undefined) backend.truncate(file, tail.from);
    for (const range of rewriting.zeros) if (range !== tail) clean(backend, file, range);
    puts.set(file, rewriting.puts);
  }
  return puts;
}

/** Reads before it writes: what was a hole stays one. */
function clean(backend: Volume['backend'], file: FileId, { from, to }: Range): void {
  const bytes = Buffer.alloc(Math.min(ZEROS.length, to - from));
  for (let at = from; at < to; ) {
    const part = bytes.subarray(0, Math.min(bytes.length, to - at));
    const count = backend.readNow(file, at, part);
    if (count === 0) return;
    const found = part.subarray(0, count);
    const zeros = ZEROS.subarray(0, count);
    if (!found.equals(zeros)) backend.write(file, at, zeros);
    at += count;
  }
}

interface LoggedPut {
  readonly volume: number;
  readonly file: FileId;
  readonly offset: number;
}

function putsOf(entry: Entry): LoggedPut[] {
  return readBody(entry.body).changes.flatMap((change) => {
    const operation = operationOf(change.code);
    if (change.volume === REGISTRY_VOLUME || operation === undefined) return [];
    const edit = operation.edit?.(operation.decode(change.reader));
    if (edit?.kind !== 'put') return [];
    return [{ volume: change.volume, file: edit.file, offset: edit.offset }];
  });
}

function nodeOf(inode: Inode | undefined, box: BoxId): MirrorNode | undefined {
  if (inode === undefined) return undefined;
  const { id, kind, mode, uid, gid, size, atime, mtime, target, device } = inode;
  const reserved = inode.issuer === box ? inode.issuerHandle : '';
  return { id, kind, mode, uid, gid, size, atime, mtime, target, device, reserved };
}
