import * as assert from 'uvu/assert';
import { DecodeError } from '#core/wire/reader.ts';
import { readContexts, writeContexts } from '#plugins/protocol/smb/contexts/context.ts';
import { decodeGranted, encodeGranted } from '#plugins/protocol/smb/contexts/granted.ts';
import {
  decodeRequested,
  encodeRequested,
  type RequestedContexts,
} from '#plugins/protocol/smb/contexts/requested.ts';
import { encodeRqLs } from '#plugins/protocol/smb/contexts/rqls.ts';
import { SmbWriter } from '#plugins/protocol/smb/wire/writer.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('smb/contexts');

const KEY = '000102030405060708090a0b0c0d0e0f';
const id = { persistent: 1n, volatile: 2n };

function throughTheWire(requested: RequestedContexts): RequestedContexts {
  const to = new SmbWriter(4096);
  writeContexts(to, encodeRequested(requested));
  return decodeRequested(readContexts(Buffer.from(to.finish())));
}

test('every context that can be asked for comes back as it was', () => {
  const lease = { version: 2, key: KEY, state: 7, flags: 4, parentKey: KEY, epoch: 9 } as const;
  const requested: RequestedContexts = {
    maximalAccess: { since: 5n },
    diskId: true,
    allocationSize: 4096,
    durable: true,
    durableReconnect: id,
    durableV2: { timeoutMs: 1, flags: 0, createGuid: KEY },
    durableReconnectV2: { id, createGuid: KEY, flags: 0 },
    lease,
    securityDescriptor: Buffer.from('0102', 'hex'),
    extendedAttributes: Buffer.from('030405', 'hex'),
    snapshot: 6n,
  };
  assert.equal(throughTheWire(requested), requested);
});

test('every context that can be granted comes back as it was', () => {
  const granted = {
    maximalAccess: { status: 0, access: 0x1f_01ff },
    diskId: { file: 42n, volume: 0xffff_ffff_ffff_ffffn },
    durable: true,
    durableV2: { timeoutMs: 60_000, flags: 0 },
    lease: { version: 1, key: KEY, state: 3, flags: 0, parentKey: '', epoch: 0 },
  } as const;
  const to = new SmbWriter(4096);
  writeContexts(to, encodeGranted(granted));
  assert.equal(decodeGranted(readContexts(Buffer.from(to.finish()))), granted);
});

test('a lease of the first version has 32 bytes', () => {
  const lease = { version: 1, key: KEY, state: 1, flags: 0, parentKey: '', epoch: 0 } as const;
  assert.is(encodeRqLs(lease).toString('hex'), `${KEY}0100000000000000${'0'.repeat(16)}`);
});

test('contexts that nobody knows are passed over', () => {
  const to = new SmbWriter(4096);
  writeContexts(to, [
    { name: 'AAPL', data: Buffer.alloc(24) },
    { name: '0123456789abcdef', data: Buffer.alloc(3) },
    { name: 'constructor', data: Buffer.alloc(0) },
    { name: 'QFid', data: Buffer.alloc(0) },
  ]);
  assert.equal(decodeRequested(readContexts(Buffer.from(to.finish()))), { diskId: true });
});

test('contexts of the wrong size are refused', () => {
  for (const [name, size] of [
    ['MxAc', 7],
    ['RqLs', 40],
    ['DHnQ', 15],
    ['DHnC', 15],
    ['DH2Q', 31],
    ['DH2C', 35],
    ['AlSi', 7],
    ['TWrp', 4],
  ] as const) {
    assert.throws(
      () => decodeRequested([{ name, data: Buffer.alloc(size) }]),
      (error: Error) => error instanceof DecodeError,
      name,
    );
  }
});

test('a list that does not end, or leads outside, is refused', () => {
  const head = (next: number): Buffer => {
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32LE(next, 0);
    bytes.writeUInt16LE(16, 4);
    bytes.writeUInt16LE(4, 6);
    return bytes;
  };
  for (const next of [8, 20, 32]) {
    assert.throws(
      () => readContexts(head(next)),
      (error: Error) => error instanceof DecodeError,
    );
  }
  const many = Buffer.concat(Array.from({ length: 65 }, () => head(24)));
  assert.throws(
    () => readContexts(many),
    (error: Error) => error instanceof DecodeError,
  );
});
