import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { NODE_CHARACTER, NODE_FIFO, SyscallError } from '#core/ports/syscalls.ts';
import { createSyscalls } from '#plugins/host/syscalls.ts';
import { suite } from '../../support/suite.ts';
import { folder } from './folder.ts';

const test = suite('plugins/host/syscalls');
const calls = createSyscalls();
const path = (...parts: string[]): Buffer => Buffer.from(`${join(...parts)}\0`);

function code(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return error instanceof SyscallError ? error.code : String(error);
  }
  return 'none';
}

/** Runs the rest only where the system lets us; says so where it does not. */
function open(mountFd: number, type: number, bytes: Buffer): number | undefined {
  try {
    return calls.openByHandle(mountFd, type, bytes, constants.O_RDONLY);
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== 'EPERM') throw error;
    process.stdout.write(' (opening by handle needs CAP_DAC_READ_SEARCH: skipped) ');
    return undefined;
  }
}

test('a handle finds its file after a rename, and is stale after its removal', () => {
  const here = folder();
  writeFileSync(join(here, 'a'), 'content');
  const handle = calls.nameToHandle(path(here, 'a'));
  assert.ok(handle, 'this file system has no handles');
  const again = calls.nameToHandle(path(here, 'a'));
  assert.equal(again, handle);
  const mountFd = openSync(here, constants.O_RDONLY);
  renameSync(join(here, 'a'), join(here, 'b'));
  const fd = open(mountFd, handle.type, handle.bytes);
  if (fd !== undefined) {
    assert.is(fstatSync(fd).ino, statSync(join(here, 'b')).ino);
    closeSync(fd);
    rmSync(join(here, 'b'));
    assert.is(
      code(() => calls.openByHandle(mountFd, handle.type, handle.bytes, 0)),
      'ESTALE',
    );
  }
  closeSync(mountFd);
});

test('the handle of a symbolic link is its own, and names need not be UTF-8', () => {
  const here = folder();
  mkdirSync(join(here, 'target'));
  symlinkSync('target', join(here, 'link'));
  assert.not.equal(
    calls.nameToHandle(path(here, 'link')),
    calls.nameToHandle(path(here, 'target')),
  );
  const odd = Buffer.concat([Buffer.from(here), Buffer.from([0x2f, 0xff, 0xfe])]);
  writeFileSync(odd, 'x');
  assert.ok(calls.nameToHandle(Buffer.concat([odd, Buffer.alloc(1)])));
});

test('refusals name their errno, a path without its NUL is a mistake', async () => {
  const here = folder();
  assert.is(
    code(() => calls.nameToHandle(path(here, 'none'))),
    'ENOENT',
  );
  const closed = await calls.syncFilesystem(9999).catch((error: { code: string }) => error.code);
  assert.is(closed, 'EBADF');
  assert.throws(() => calls.nameToHandle(Buffer.from(here)), /NUL/);
  assert.is(
    code(() => calls.readNow(9999, Buffer.alloc(1), 0)),
    'EBADF',
  );
});

test('nodes are made with their kind and number', () => {
  const here = folder();
  calls.makeNode(path(here, 'fifo'), NODE_FIFO | 0o600, 0, 0);
  assert.ok(statSync(join(here, 'fifo')).isFIFO());
  assert.is(
    code(() => calls.makeNode(path(here, 'fifo'), NODE_FIFO | 0o600, 0, 0)),
    'EEXIST',
  );
  const outcome = code(() =>
    calls.makeNode(path(here, 'null'), NODE_CHARACTER | 0o600, 259, 70_000),
  );
  if (outcome === 'EPERM') return;
  const { rdev } = statSync(join(here, 'null'));
  assert.is(
    rdev,
    0x1_0000_0000 * 0 + ((259 & 0xfff) << 8) + (70_000 & 0xff) + (70_000 >>> 8) * 0x10_0000,
  );
});

test('reading now gives what is cached, at any offset and up to the end', async () => {
  const here = folder();
  writeFileSync(join(here, 'a'), 'abcdefgh');
  const fd = openSync(join(here, 'a'), constants.O_RDONLY);
  const target = Buffer.alloc(4);
  const size = calls.readNow(fd, target, 2);
  if (size !== 'would-block') {
    assert.is(size, 4);
    assert.is(String(target), 'cdef');
    assert.is(calls.readNow(fd, target, 6), 2);
    assert.is(calls.readNow(fd, target, 8), 0);
    const view = Buffer.alloc(64).subarray(10, 13);
    assert.is(calls.readNow(fd, view, 0), 3);
    assert.is(String(view), 'abc');
  }
  assert.is(readSync(fd, target, 0, 4, 0), 4);
  await calls.syncFilesystem(fd);
  closeSync(fd);
});
