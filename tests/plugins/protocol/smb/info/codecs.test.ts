import * as assert from 'uvu/assert';
import type { FileId } from '#core/vfs/inode.ts';
import { DecodeError } from '#core/wire/reader.ts';
import type { AllInformation } from '#plugins/protocol/smb/info/all.ts';
import { readBasicChange } from '#plugins/protocol/smb/info/basic.ts';
import {
  DIRECTORY_CLASSES,
  entrySizeMin,
  readEntries,
  writeEntry,
} from '#plugins/protocol/smb/info/directory.ts';
import type { FileFacts } from '#plugins/protocol/smb/info/facts.ts';
import { FILE_INFO_CLASSES } from '#plugins/protocol/smb/info/file-classes.ts';
import { VOLUME_INFO_CLASSES } from '#plugins/protocol/smb/info/file-system.ts';
import { filetimeOf, timeOfFiletime } from '#plugins/protocol/smb/info/filetime.ts';
import { eaSizeOf, isEaName, readEas, writeEas } from '#plugins/protocol/smb/info/full-ea.ts';
import { readNewName, writeNewName } from '#plugins/protocol/smb/info/set.ts';
import { written } from '#plugins/protocol/smb/query/output.ts';
import { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import { suite } from '../../../../support/suite.ts';
import { garbled } from '../garbled.ts';

const test = suite('plugins/protocol/smb/info');

const TIME = { seconds: 1_700_000_000, nanoseconds: 123_456_700 };
const FILETIME = 133_444_736_001_234_567n;

const FACTS: FileFacts = {
  btime: TIME,
  atime: TIME,
  mtime: TIME,
  ctime: TIME,
  attributes: 0x20,
  endOfFile: 5000,
  allocation: 8192,
  id: 0x1122 as FileId,
  eaSize: 0,
  isDirectory: false,
  links: 2,
  deletePending: false,
  access: 0x12_019f,
  position: 7,
  mode: 2,
  path: '\\dir\\name:s',
  volumeSerial: 0x0123_4567_89ab_cdefn,
  streams: () => [
    { name: '', size: 5000 },
    { name: 's', size: 3 },
  ],
  eas: () => [],
};

test('FILETIME counts from 1601', () => {
  assert.is(filetimeOf(TIME), FILETIME);
  assert.equal(timeOfFiletime(FILETIME), TIME);
  assert.is(filetimeOf({ seconds: 0, nanoseconds: 0 }), 116_444_736_000_000_000n);
});

/** Sizes of [MS-FSCC] §2.4 and §2.5, which clients make room by: a class has exactly them, or at least. */
const SIZES: readonly (readonly [code: number, size: number])[] = [
  [4, 40],
  [5, 24],
  [6, 8],
  [7, 4],
  [8, 4],
  [14, 8],
  [16, 4],
  [17, 4],
  [28, 16],
  [34, 56],
  [35, 8],
  [59, 24],
];

for (const [code, size] of SIZES) {
  const info = FILE_INFO_CLASSES.get(code);
  test(`${info?.name} has ${size} bytes`, () => {
    assert.is(written((to) => info?.write(to, FACTS)).length, size);
    assert.is(info?.sizeMin, size);
  });
}

test('FileAllInformation is read as it was written', () => {
  const info = FILE_INFO_CLASSES.get(18);
  const bytes = written((to) => info?.write(to, FACTS));
  assert.is(bytes.length, 100 + 22);
  const all = info?.read(new SmbReader(bytes)) as AllInformation;
  assert.is(all.path, FACTS.path);
  assert.is(all.id, 0x1122);
  assert.equal(all.standard, {
    allocation: 8192,
    endOfFile: 5000,
    links: 2,
    deletePending: false,
    isDirectory: false,
  });
});

test('FileStreamInformation as in a packet', () => {
  const bytes = written((to) => FILE_INFO_CLASSES.get(22)?.write(to, FACTS));
  assert.is(
    bytes.toString('hex'),
    // Next, StreamNameLength, StreamSize, StreamAllocationSize, "::$DATA", room up to the next.
    '280000000e000000881300000000000000200000000000003a003a0024004400410054004100' +
      '0000' +
      '000000001000000003000000000000000010000000000000' +
      '3a0073003a0024004400410054004100',
  );
  const read = FILE_INFO_CLASSES.get(22)?.read(new SmbReader(bytes));
  assert.equal(read, FACTS.streams());
});

test('each form of a listing is read as it was written', () => {
  const sizes = [...DIRECTORY_CLASSES.values()].map((info) => [info.code, entrySizeMin(info)]);
  assert.equal(sizes, [
    [1, 64],
    [2, 68],
    [3, 94],
    [12, 12],
    [37, 104],
    [38, 80],
    [60, 88],
    [63, 114],
  ]);
  for (const info of DIRECTORY_CLASSES.values()) {
    const bytes = written((to) => writeEntry(to, info, { ...FACTS, name: 'näme' }));
    assert.is(bytes.length, entrySizeMin(info) + 8);
    const [entry] = readEntries(bytes, info);
    assert.is(entry?.name, 'näme');
    if (info.hasFacts) assert.is(entry?.endOfFile, 5000);
    if (info.idSize > 0) assert.is(entry?.id, 0x1122);
  }
});

test('classes of volumes have their sizes', () => {
  const facts = {
    label: 'files',
    serial: 1n,
    created: TIME,
    total: 4096 * 100,
    free: 4096 * 10,
    available: 4096 * 10,
    readOnly: false,
    nameMax: 255,
  };
  const sizes = [...VOLUME_INFO_CLASSES.values()].map((info) => [
    info.code,
    written((to) => info.write(to, facts)).length,
  ]);
  assert.equal(sizes, [
    [1, 18 + 10],
    [3, 24],
    [4, 8],
    [5, 12 + 8],
    [6, 48],
    [7, 32],
    [8, 64],
    [11, 28],
  ]);
});

const EAS = [
  { name: 'ONE', value: Buffer.from('1') },
  { name: 'SECOND', value: Buffer.alloc(100, 7) },
];

test('extended attributes are read as they were written, and take what is said', () => {
  const bytes = written((to) => writeEas(to, EAS));
  assert.equal(
    readEas(bytes),
    EAS.map((ea) => ({ flags: 0, ...ea })),
  );
  assert.is(eaSizeOf(EAS), Math.ceil(bytes.length / 4) * 4);
  for (const damaged of garbled(bytes)) {
    try {
      readEas(damaged);
    } catch (error) {
      assert.instance(error, DecodeError);
    }
  }
});

test('names of extended attributes have no signs of DOS in them', () => {
  assert.ok(isEaName('user.x'));
  for (const name of ['', 'a:b', 'a*', 'a\0', 'a b;']) assert.not.ok(isEaName(name));
});

test('a new name as in a packet', () => {
  const packet = '010000000000000000000000000000000a00000064005c006e0065007700';
  const asked = { replaces: true, rootDirectory: 0n, name: 'd\\new' };
  assert.is(written((to) => writeNewName(to, asked)).toString('hex'), packet);
  assert.equal(readNewName(new SmbReader(Buffer.from(packet, 'hex'))), asked);
});

test('times of SET_INFO: 0 keeps, -1 freezes, -2 thaws, less is nothing', () => {
  const bytes = Buffer.alloc(40);
  bytes.writeBigInt64LE(FILETIME, 0);
  bytes.writeBigInt64LE(-1n, 16);
  bytes.writeBigInt64LE(-2n, 24);
  assert.equal(readBasicChange(new SmbReader(bytes)), {
    creation: TIME,
    lastAccess: 'keep',
    lastWrite: 'freeze',
    change: 'thaw',
    attributes: 0,
  });
  bytes.writeBigInt64LE(-3n, 8);
  assert.is(readBasicChange(new SmbReader(bytes)), undefined);
});
