import * as assert from 'uvu/assert';
import { replyKey } from '#plugins/protocol/nfs/rpc/reply-key.ts';
import { suite } from '../../../../support/suite.ts';
import { NFS_NULL } from '../raw.ts';

const test = suite('nfs/rpc/reply-key');

const body = Buffer.from(Array.from({ length: 400 }, (_, index) => index & 0xff));
const keyOf = (bytes: Buffer, more: object = {}, address = '10.0.0.1') =>
  replyKey(address, { ...NFS_NULL, ...more }, bytes, 0, bytes.length);

test('the same call has the same key wherever it lies', () => {
  const moved = Buffer.concat([Buffer.alloc(9), body]);
  const key = replyKey('10.0.0.1', NFS_NULL, moved, 9, moved.length);
  assert.is(key, keyOf(body));
});

test('another client, xid, procedure or version has another key', () => {
  const keys = [
    keyOf(body),
    keyOf(body, {}, '10.0.0.2'),
    keyOf(body, { xid: 2 }),
    keyOf(body, { procedure: 9 }),
    keyOf(body, { version: 4 }),
    keyOf(body, { program: 7 }),
  ];
  assert.is(new Set(keys).size, keys.length);
});

test('every bit of the first 256 bytes behind the xid counts, and nothing further', () => {
  const first = keyOf(body);
  for (let at = 4; at < 260; at += 1) {
    for (const bit of [1, 0x80]) {
      const other = Buffer.from(body);
      other.writeUInt8(other.readUInt8(at) ^ bit, at);
      assert.is.not(keyOf(other), first, `byte ${at}`);
    }
  }
  const later = Buffer.from(body);
  later.fill(0, 260);
  assert.is(keyOf(later), first);
});
