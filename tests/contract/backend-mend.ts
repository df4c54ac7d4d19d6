/**
 * A backend whose process ended when its tree was anywhere between what its table says and what its catalog says, or
 * beyond both: random histories, cut at three random moments.
 */
import * as assert from 'uvu/assert';
import { type FileId, type FileKind, hasContent, ROOT_ID } from '#core/vfs/inode.ts';
import type { Backend, MirrorNode, Place, Unsettled } from '#core/volume/backend.ts';
import type { MapTable } from '../support/local-table.ts';
import { Seeded, seedOf } from '../support/seeded.ts';
import type { Test } from '../support/suite.ts';
import { type BackendPlace, fileId, type InPlace, nodeOf, readText } from './backend-stage.ts';

const ROUNDS = 40;
const STEPS_MAX = 40;
const NAMES = ['a', 'b', 'c', 'd'];

interface Node {
  readonly node: MirrorNode;
  /** Written once, before or after the file has its name. */
  readonly text: string;
}

/** One change, with what it touches. */
interface Step {
  readonly files: readonly FileId[];
  readonly names: readonly Place[];
  readonly makes?: FileId | undefined;
  readonly ends?: FileId | undefined;
  readonly target?: string;
  /** What is staged before it counts; some of it comes before the call that mirrors it, some behind. */
  stage?(backend: Backend): void;
  stageLate?(backend: Backend): void;
  mirror(backend: Backend): void;
  apply(tree: Tree): void;
}

/** What the catalog says. */
class Tree {
  readonly nodes = new Map<FileId, Node>();
  readonly names = new Map<string, { readonly place: Place; readonly file: FileId }>();

  at(place: Place): FileId | undefined {
    return this.names.get(keyOf(place))?.file;
  }

  put(place: Place, file: FileId): void {
    this.names.set(keyOf(place), { place, file });
  }

  take(place: Place): void {
    this.names.delete(keyOf(place));
  }

  placesOf(file: FileId): Place[] {
    return [...this.names.values()].filter((one) => one.file === file).map(({ place }) => place);
  }

  /** Files that have no name, and are there all the same. */
  nameless(): FileId[] {
    return [...this.nodes.keys()].filter((file) => this.placesOf(file).length === 0);
  }

  isEmpty(directory: FileId): boolean {
    return ![...this.names.values()].some(({ place }) => place.directory === directory);
  }

  directories(): FileId[] {
    const all = [...this.nodes].filter(([, { node }]) => node.kind === 'directory');
    return [ROOT_ID, ...all.map(([id]) => id)];
  }

  isWithin(directory: FileId, ancestor: FileId): boolean {
    if (directory === ancestor) return true;
    const [above] = this.placesOf(directory);
    return above !== undefined && this.isWithin(above.directory, ancestor);
  }

  path({ directory, name }: Place): string {
    const [above] = this.placesOf(directory);
    return above === undefined ? name : `${this.path(above)}/${name}`;
  }

  paths(): string[] {
    return [...this.names.values()].map(({ place }) => this.path(place)).sort();
  }
}

function keyOf({ directory, name }: Place): string {
  return `${directory}/${name}`;
}

class History {
  readonly #seeded: Seeded;
  readonly #tree = new Tree();
  readonly steps: Step[] = [];
  #next = 2;

  constructor(seeded: Seeded) {
    this.#seeded = seeded;
    const count = 2 + seeded.below(STEPS_MAX);
    while (this.steps.length < count) {
      const step = this.#draw();
      if (step === undefined) continue;
      step.apply(this.#tree);
      this.steps.push(step);
    }
  }

  /** The tree after so many steps. */
  after(count: number): Tree {
    const tree = new Tree();
    for (const step of this.steps.slice(0, count)) step.apply(tree);
    return tree;
  }

  #place(): Place {
    const directory = this.#seeded.pick(this.#tree.directories());
    return { directory, name: this.#seeded.pick(NAMES) };
  }

  #draw(): Step | undefined {
    const place = this.#place();
    const there = this.#tree.at(place);
    const kind = this.#seeded.below(13);
    if (kind === 10) return this.#stream();
    if (kind > 10) return this.#drop();
    if (kind < 4) return there === undefined ? this.#create(place) : undefined;
    if (there === undefined) return undefined;
    if (kind < 6) return this.#seeded.chance(3) ? this.#keep(place) : this.#remove(place, there);
    if (kind < 9) return this.#rename(place, there);
    return this.#link(place, there);
  }

  #create(place: Place): Step {
    const id = fileId(this.#next);
    this.#next += 1;
    const kind: FileKind = this.#seeded.pick(['file', 'file', 'directory', 'symlink']);
    const node = nodeOf(id, kind, kind === 'symlink' ? { target: `to ${id}` } : {});
    const text = kind === 'file' && this.#seeded.chance(2) ? `text of ${id}` : '';
    const isEarly = this.#seeded.chance(2);
    const write = (backend: Backend): void => {
      if (text !== '') backend.write(id, 0, Buffer.from(text));
    };
    return {
      files: [id],
      names: [place],
      makes: id,
      ...(kind === 'symlink' && { target: node.target }),
      stage: (backend) => {
        backend.clear(id);
        if (isEarly) write(backend);
      },
      stageLate: (backend) => {
        if (!isEarly) write(backend);
      },
      mirror: (backend) => backend.create(place.directory, place.name, node),
      apply: (tree) => {
        tree.nodes.set(id, { node, text });
        tree.put(place, id);
      },
    };
  }

  #remove(place: Place, file: FileId): Step | undefined {
    const tree = this.#tree;
    if (tree.nodes.get(file)?.node.kind === 'directory' && !tree.isEmpty(file)) return undefined;
    const last = tree.placesOf(file).length === 1;
    return {
      files: [file],
      names: [place],
      ends: last ? file : undefined,
      mirror: (backend) => backend.remove(place.directory, place.name, file, last),
      apply: (after) => {
        after.take(place);
        if (last) after.nodes.delete(file);
      },
    };
  }

  /** The last name goes, and the file stays for whoever has it open. */
  #keep(place: Place): Step | undefined {
    const tree = this.#tree;
    const file = tree.at(place) as FileId;
    if (tree.nodes.get(file)?.node.kind !== 'file' || tree.placesOf(file).length > 1) {
      return undefined;
    }
    return {
      files: [file],
      names: [place],
      mirror: (backend) => backend.remove(place.directory, place.name, file, false),
      apply: (after) => after.take(place),
    };
  }

  /** Content that never gets a name. */
  #stream(): Step {
    const id = fileId(this.#next);
    this.#next += 1;
    const text = `text of ${id}`;
    return {
      files: [id],
      names: [],
      makes: id,
      stage: (backend) => {
        backend.clear(id);
        backend.write(id, 0, Buffer.from(text));
      },
      mirror: () => {},
      apply: (tree) => tree.nodes.set(id, { node: nodeOf(id, 'stream'), text }),
    };
  }

  #drop(): Step | undefined {
    const nameless = this.#tree.nameless();
    if (nameless.length === 0) return undefined;
    const file = this.#seeded.pick(nameless);
    return {
      files: [file],
      names: [],
      ends: file,
      mirror: (backend) => backend.drop(file),
      apply: (tree) => tree.nodes.delete(file),
    };
  }

  #rename(source: Place, file: FileId): Step | undefined {
    const tree = this.#tree;
    const target = this.#place();
    const over = tree.at(target);
    const isDirectory = tree.nodes.get(file)?.node.kind === 'directory';
    if (over === file || (isDirectory && tree.isWithin(target.directory, file))) return undefined;
    if (over !== undefined) {
      if ((tree.nodes.get(over)?.node.kind === 'directory') !== isDirectory) return undefined;
      if (isDirectory && !tree.isEmpty(over)) return undefined;
    }
    const last = over !== undefined && tree.placesOf(over).length === 1;
    const replaced = over === undefined ? undefined : { file: over, last };
    return {
      files: over === undefined ? [file] : [file, over],
      names: [source, target],
      ends: last ? over : undefined,
      mirror: (backend) => backend.rename(source, target, file, replaced),
      apply: (after) => {
        after.take(source);
        after.put(target, file);
        if (last) after.nodes.delete(over);
      },
    };
  }

  #link(from: Place, file: FileId): Step | undefined {
    const place = this.#place();
    const kind = this.#tree.nodes.get(file)?.node.kind;
    if (kind === 'directory' || this.#tree.at(place) !== undefined) return undefined;
    assert.ok(this.#tree.at(from) === file);
    return {
      files: [file],
      names: [place],
      mirror: (backend) => backend.link(file, place.directory, place.name),
      apply: (after) => after.put(place, file),
    };
  }
}

/** What a box would tell its backend that knows `steps` behind its table and has `tree` in its catalog. */
function unsettledOf(tree: Tree, committed: readonly Step[], later: readonly Step[]): Unsettled {
  const all = [...committed, ...later];
  const names = new Map(all.flatMap((step) => step.names.map((place) => [keyOf(place), place])));
  const some = (files: (FileId | undefined)[]) => new Set(files.filter((id) => id !== undefined));
  return {
    files: new Set(all.flatMap(({ files }) => files)),
    names: [...names.values()],
    made: some(committed.map(({ makes }) => makes)),
    coming: some(later.map(({ makes }) => makes)),
    going: some(later.map(({ ends }) => ends)),
    targets: new Set(all.flatMap(({ target }) => target ?? [])),
    node: (file) => tree.nodes.get(file)?.node,
    child: (directory, name) => tree.at({ directory, name }),
  };
}

export function mendTests(test: Test, inside: InPlace): void {
  const seed = seedOf();
  for (let round = 0; round < ROUNDS; round += 1) {
    test(
      `a tree that was anywhere when the process ended is mended (${round})`,
      inside(async (first, place, table) => {
        if (first.mend === undefined) return;
        try {
          await cut(new Seeded(seed + round), first, place, table);
        } catch (error) {
          (error as Error).message += ` (SEED=${seed}, round ${round})`;
          throw error;
        }
      }),
    );
  }
}

async function cut(
  seeded: Seeded,
  first: Backend,
  place: BackendPlace,
  table: MapTable,
): Promise<void> {
  const history = new History(seeded);
  const { steps } = history;
  // As the table has it, as the tree has it, as the catalog has it, and as the log has it.
  const stored = seeded.below(steps.length);
  const mirrored = stored + seeded.below(steps.length - stored + 1);
  const committed = stored + seeded.below(steps.length - stored + 1);
  const known = Math.max(mirrored, committed);
  const logged = known + seeded.below(steps.length - known + 1);
  let before = table.copy();
  steps.slice(0, logged).forEach((step, index) => {
    if (index === stored) before = table.copy();
    step.stage?.(first);
    if (index < mirrored) step.mirror(first);
    step.stageLate?.(first);
  });
  if (logged === stored) before = table.copy();
  await first.close();
  const again = place.open(before);
  const tree = history.after(committed);
  const later = steps.slice(committed, logged);
  again.mend?.(unsettledOf(tree, steps.slice(stored, committed), later));
  const gone = new Set(later.map(({ ends }) => ends));
  await compare(again, place, tree, gone);
  for (const step of later) step.mirror(again);
  for (const step of steps.slice(logged)) {
    step.stage?.(again);
    step.mirror(again);
    step.stageLate?.(again);
  }
  const last = history.after(steps.length);
  await compare(again, place, last, new Set());
  const nameless = last.nameless().map((file) => `.understudy/unnamed/${file.toString(16)}`);
  const corners = place.list?.().corners ?? [];
  assert.equal(
    corners.filter((path) => !nameless.includes(path)),
    [],
  );
  await again.close();
  const third = place.open(before);
  await compare(third, place, last, new Set());
  await third.close();
}

/** @param gone Files that the tree may have lost already. */
async function compare(
  backend: Backend,
  place: BackendPlace,
  tree: Tree,
  gone: ReadonlySet<FileId | undefined>,
): Promise<void> {
  const list = place.list?.();
  if (list !== undefined) assert.equal(list.tree, tree.paths());
  for (const [file, { node, text }] of tree.nodes) {
    if (!hasContent(node.kind)) continue;
    const found = await readText(backend, file);
    assert.ok(found === text || (gone.has(file) && found === ''), `file ${file}: "${found}"`);
  }
}
