/**
 * Thousands of random operations against a plain model of a POSIX tree; what is not committed is discarded at random
 * and applied again; in the end a second box that was fed the same bytes has the same rows.
 */
import * as assert from 'uvu/assert';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import {
  link,
  remove,
  removeDirectory,
  rename,
  setAttributes,
  write,
} from '#core/volume/operations.ts';
import { Seeded, seedOf } from '../../support/seeded.ts';
import { suite } from '../../support/suite.ts';
import { Fixture, refusal, setting } from './fixture.ts';
import { ModelTree } from './model-tree.ts';

const test = suite('core/volume/random');

const STEPS = 4000;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const SIZES = [0, 1, 100, 5000];

interface Run {
  readonly box: Fixture;
  readonly model: ModelTree;
  readonly random: Seeded;
  /** Ids of the box by number of the model. */
  readonly ids: Map<number, FileId>;
}

function step({ box, model, random, ids }: Run): string {
  const directory = random.pick(model.known());
  const other = random.pick(model.known());
  const [name, second] = [random.pick(NAMES), random.pick(NAMES)];
  const at = { directory: ids.get(directory) as FileId, name };
  const to = { directory: ids.get(other) as FileId, name: second };
  const size = random.pick(SIZES);
  switch (random.below(9)) {
    case 0:
    case 1: {
      const kind = random.pick(['file', 'directory', 'symlink'] as const);
      const wanted = model.create(directory, name, kind);
      const made = box.make(name, { directory: at.directory, kind, how: 'guarded' });
      if (made.ok) ids.set(model.newest, made.value.inode.id);
      return same('create', refusal(made), wanted);
    }
    case 2:
      return same('remove', refusal(box.run(remove, at)), model.remove(directory, name));
    case 3: {
      const wanted = model.removeDirectory(directory, name);
      return same('remove-directory', refusal(box.run(removeDirectory, at)), wanted);
    }
    case 4:
    case 5: {
      const wanted = model.rename(directory, name, other, second);
      return same('rename', refusal(box.run(rename, { source: at, target: to })), wanted);
    }
    case 6: {
      const wanted = model.link(directory, other, second);
      return same('link', refusal(box.run(link, { file: at.directory, ...to })), wanted);
    }
    case 7: {
      const wanted = model.resize(directory, () => size);
      const args = { file: at.directory, set: setting({ size }), guard: undefined };
      return same('truncate', refusal(box.run(setAttributes, args)), wanted);
    }
    default: {
      const data = Buffer.alloc(50, 'x');
      const wanted = model.resize(directory, (before) => Math.max(before, size + data.length));
      const args = { file: at.directory, offset: size, size: data.length };
      return same('write', refusal(box.run(write, args, { data })), wanted);
    }
  }
}

function same(what: string, given: string, wanted: string): string {
  assert.is(given, wanted, what);
  return what;
}

/** The whole tree as the box has it, in the words of the model. */
function drawn({ box, ids }: Run): string[] {
  const numbers = new Map([...ids].map(([number, id]) => [id, number]));
  const lines: string[] = [];
  const walk = (directory: FileId, path: string): void => {
    const entries = box.catalog.entries(directory);
    const cookies = entries.map((entry) => entry.cookie);
    assert.equal(
      cookies,
      [...cookies].sort((one, two) => one - two),
    );
    for (const entry of entries) {
      const inode = box.inode(entry.id);
      const size = inode.kind === 'file' ? inode.size : 0;
      const number = numbers.get(inode.id);
      lines.push(`${path}/${entry.name} ${number} ${inode.kind} ${inode.nlink} ${size}`);
      assert.equal(box.child(directory, entry.name), entry);
      if (inode.kind === 'directory') assert.is(inode.parent, directory);
      if (inode.kind === 'directory') walk(inode.id, `${path}/${entry.name}`);
    }
  };
  walk(ROOT_ID, '');
  return lines.sort();
}

function runAll(seed: number, cacheMax: number): void {
  const limits = { linksMax: 1000, fileSizeMax: 1 << 30 };
  const box = new Fixture({ limits, cacheMax });
  const random = new Seeded(seed);
  const run = { box, random, model: new ModelTree(), ids: new Map([[0, ROOT_ID]]) };
  for (let at = 0; at < STEPS; at += 1) {
    try {
      step(run);
      if (random.chance(20)) box.commit(box.position - random.below(Math.min(box.position, 5)));
      if (random.chance(50)) box.replay(box.discard());
      if (random.chance(40)) assert.equal(drawn(run), run.model.drawn());
    } catch (error) {
      throw new Error(`SEED=${seed}, step ${at}: ${String(error)}`, { cause: error });
    }
  }
  assert.equal(drawn(run), run.model.drawn(), `SEED=${seed}`);
  const second = new Fixture({ limits });
  second.replay(box.log);
  second.commit();
  box.commit();
  assert.equal(second.rows(), box.rows(), `SEED=${seed}`);
}

for (const cacheMax of [65_536, 8]) {
  test(`a random tree with ${cacheMax} inodes in memory equals the model`, () => {
    runAll(seedOf(), cacheMax);
  });
}
