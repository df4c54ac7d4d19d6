import * as assert from 'uvu/assert';
import type { ServedVolume } from '#core/group/group.ts';
import type { HandleKey } from '#core/group/registry.ts';
import { COMMON_HANDLE_SIZE_MAX } from '#core/vfs/handle.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import { Recent } from '#plugins/cluster/handles/recent.ts';
import { type HandleGroup, Translator } from '#plugins/cluster/handles/translator.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('cluster/handles/translator');
const OLD: HandleKey = { id: 7, secret: '000102030405060708090a0b0c0d0e0f' };
const NEW: HandleKey = { id: 8, secret: 'f0e0d0c0b0a090807060504030201000' };
const time = { seconds: 0, nanoseconds: 0 };

function inode(id: number, issuer = '', issuerHandle = ''): Inode {
  return {
    id: id as FileId,
    generation: 5,
    kind: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    nlink: 1,
    size: 0,
    atime: time,
    mtime: time,
    ctime: time,
    btime: time,
    change: 1,
    parent: 0 as FileId,
    nextCookie: 3,
    device: { major: 0, minor: 0 },
    target: '',
    verifier: '',
    issuer,
    issuerHandle,
    dos: 0,
    holds: 0,
  };
}

interface World {
  readonly group: HandleGroup;
  serving: boolean;
  keys: readonly HandleKey[];
  /** Files of volume 1. */
  readonly files: Map<number, Inode>;
}

function world(): World {
  const files = new Map<number, Inode>();
  const volume = {
    tree: { inode: (file: FileId) => files.get(file) },
    issued: (issuer: string, handle: string) =>
      [...files.values()].find((file) => file.issuer === issuer && file.issuerHandle === handle)
        ?.id,
  } as unknown as ServedVolume;
  const it: World = {
    serving: true,
    keys: [OLD],
    files,
    group: {
      get serving() {
        return it.serving;
      },
      volume: (id) => (id === 1 ? volume : undefined),
      handleKeys: () => it.keys,
    },
  };
  return it;
}

test('a generic handle is the 28 bytes of the layout', () => {
  const handle = new Translator(world().group).encode(0x01020304, 0x0506, 'generic', inode(0x1122));
  assert.is(
    handle.subarray(0, 20).toString('hex'),
    '11' + '07' + '0506' + '01020304' + '0000000000001122' + '00000005',
  );
  assert.is(handle.length, 28);
});

test('an issuer handle is the bytes of the layout', () => {
  const handle = new Translator(world().group).encode(1, 2, 'issuer', inode(9, 'ab', '\x00\xff'));
  assert.is(
    handle.subarray(0, -8).toString('hex'),
    '12' + '07' + '0002' + '00000001' + '026162' + '0200ff',
  );
});

test('generic handles come back on every box, also beyond 32 and 37 bits of file id', () => {
  const { group } = world();
  for (const id of [1, 2 ** 32 + 1, 2 ** 37, 2 ** 40 + 3, 2 ** 53 - 1]) {
    const handle = new Translator(group).encode(3, 65_535, 'generic', inode(id));
    const answer = new Translator(group).decode(handle);
    assert.equal(answer, {
      ok: true,
      value: { volume: 3, export: 65_535, file: id, generation: 5 },
    });
  }
});

test('one file has one handle, and two files never the same', () => {
  const { group } = world();
  const translator = new Translator(group);
  const once = Buffer.from(translator.encode(1, 1, 'generic', inode(4)));
  assert.ok(once.equals(translator.encode(1, 1, 'generic', inode(4))));
  assert.ok(once.equals(new Translator(group).encode(1, 1, 'generic', inode(4))));
  for (const other of [
    translator.encode(1, 1, 'generic', { ...inode(4), generation: 6 }),
    translator.encode(1, 1, 'generic', inode(5)),
    translator.encode(1, 2, 'generic', inode(4)),
    translator.encode(2, 1, 'generic', inode(4)),
  ]) {
    assert.not.ok(once.equals(other));
  }
});

test('an issuer handle finds its file through the table of any box', () => {
  const it = world();
  it.files.set(9, inode(9, 'box-a', 'local-nine'));
  const handle = new Translator(it.group).encode(1, 2, 'issuer', inode(9, 'box-a', 'local-nine'));
  assert.equal(new Translator(it.group).decode(handle), {
    ok: true,
    value: { volume: 1, export: 2, file: 9, generation: 5 },
  });
});

test('an issuer handle is stale when the live table has lost its file, and only then', () => {
  const it = world();
  const translator = new Translator(it.group);
  it.files.set(9, inode(9, 'box-a', 'nine'));
  const handle = translator.encode(1, 2, 'issuer', inode(9, 'box-a', 'nine'));
  assert.ok(translator.decode(handle).ok);
  it.files.clear();
  assert.equal(translator.decode(handle), { ok: false, error: 'stale' });
  it.serving = false;
  assert.equal(translator.decode(handle), { ok: false, error: 'io' });
  it.serving = true;
  const elsewhere = translator.encode(2, 2, 'issuer', inode(9, 'box-a', 'nine'));
  assert.equal(translator.decode(elsewhere), { ok: false, error: 'stale' });
});

test('a file without issuer handle, or with one that does not fit, gets a generic handle', () => {
  const it = world();
  const translator = new Translator(it.group);
  assert.is(translator.encode(1, 1, 'issuer', inode(4)).length, 28);
  const longest = translator.encode(1, 1, 'issuer', inode(5, 'ab', 'x'.repeat(36)));
  assert.is(longest.length, COMMON_HANDLE_SIZE_MAX);
  assert.is(translator.encode(1, 1, 'issuer', inode(6, 'abc', 'x'.repeat(36))).length, 28);
});

test('every changed bit, every truncation and every extension is a bad handle', () => {
  const it = world();
  it.files.set(9, inode(9, 'box-a', 'nine'));
  const translator = new Translator(it.group);
  for (const handle of [
    translator.encode(1, 1, 'generic', inode(4)),
    translator.encode(1, 1, 'issuer', inode(9, 'box-a', 'nine')),
  ]) {
    assert.ok(translator.decode(handle).ok);
    for (let bit = 0; bit < handle.length * 8; bit += 1) {
      const forged = Buffer.from(handle);
      forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.equal(translator.decode(forged), { ok: false, error: 'bad-handle' }, `bit ${bit}`);
    }
    for (let size = 0; size < handle.length; size += 1) {
      const answer = translator.decode(handle.subarray(0, size));
      assert.equal(answer, { ok: false, error: 'bad-handle' }, `${size} bytes`);
    }
    const longer = Buffer.concat([handle, Buffer.alloc(64)]);
    for (let size = handle.length + 1; size <= longer.length; size += 1) {
      assert.not.ok(translator.decode(longer.subarray(0, size)).ok, `${size} bytes`);
    }
  }
});

test('the newest key signs, every known one verifies, a removed one does not', () => {
  const it = world();
  const translator = new Translator(it.group);
  const before = Buffer.from(translator.encode(1, 1, 'generic', inode(4)));
  it.keys = [OLD, NEW];
  const after = Buffer.from(translator.encode(1, 1, 'generic', inode(4)));
  assert.is(before.readUInt8(1), 7);
  assert.is(after.readUInt8(1), 8);
  assert.ok(translator.decode(before).ok);
  assert.ok(translator.decode(after).ok);
  it.keys = [NEW];
  assert.equal(translator.decode(before), { ok: false, error: 'bad-handle' });
  assert.ok(translator.decode(after).ok);
});

test('what is remembered is bounded, and what is in use stays', () => {
  const recent = new Recent<number, number>(100);
  for (let index = 0; index < 1_000; index += 1) {
    recent.set(index, index);
    assert.is(recent.get(0), 0);
    assert.ok(recent.count <= 101, `${recent.count}`);
  }
  assert.is(recent.get(500), undefined);
});
