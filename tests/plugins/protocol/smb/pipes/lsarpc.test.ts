import * as assert from 'uvu/assert';
import { lsarLookupNames } from '#plugins/protocol/smb/pipes/lsarpc/lsar-lookup-names.ts';
import { lsarLookupSids2 } from '#plugins/protocol/smb/pipes/lsarpc/lsar-lookup-sids.ts';
import { writeNdrSid } from '#plugins/protocol/smb/pipes/lsarpc/ndr-sid.ts';
import { POLICY_HANDLE } from '#plugins/protocol/smb/pipes/lsarpc/policy-handle.ts';
import { NdrReader } from '#plugins/protocol/smb/pipes/ndr-reader.ts';
import { NdrWriter } from '#plugins/protocol/smb/pipes/ndr-writer.ts';
import type { RpcCall } from '#plugins/protocol/smb/pipes/rpc-pipe.ts';
import { userSid } from '#plugins/protocol/smb/security/sid.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('plugins/protocol/smb/pipes/lsarpc');

const DOMAIN = 'S-1-5-21-1-2-3';
const call = {
  facts: {
    serverName: 'BOX',
    domain: DOMAIN,
    userName: (uid: number) => (uid === 1000 ? 'ann' : undefined),
    uidOf: (name: string) => (name === 'ann' ? 1000 : undefined),
  },
} as unknown as RpcCall;

test('SIDs of users and of everybody have names', () => {
  const asked = new NdrWriter();
  asked.raw(POLICY_HANDLE);
  const sids = [userSid(DOMAIN, 1000), 'S-1-1-0', `${DOMAIN}-9000`];
  asked.u32(sids.length);
  asked.pointer(() => {
    asked.u32(sids.length);
    for (const sid of sids) asked.pointer(() => writeNdrSid(asked, sid));
  });
  asked.flush();
  const to = new NdrWriter();
  lsarLookupSids2.answer(call, new NdrReader(asked.finish()), to);
  const answer = to.finish();
  const text = answer.toString('utf16le') + answer.subarray(1).toString('utf16le');
  for (const name of ['BOX', 'ann', 'Everyone', `${DOMAIN}-9000`]) assert.ok(text.includes(name));
  assert.is(answer.readUInt32LE(answer.length - 8), 2);
  assert.is(answer.readUInt32LE(answer.length - 4), 0x107);
});

test('names of users have SIDs', () => {
  const asked = new NdrWriter();
  asked.raw(POLICY_HANDLE);
  asked.u32(1);
  asked.u32(1);
  asked.unicodeString('BOX\\ann');
  const to = new NdrWriter();
  lsarLookupNames.answer(call, new NdrReader(asked.finish()), to);
  const answer = to.finish();
  assert.is(answer.readUInt32LE(answer.length - 4), 0);
  assert.is(answer.readUInt32LE(answer.length - 16), 3000);
});
