import * as assert from 'uvu/assert';
import { DecodeError } from '#core/wire/reader.ts';
import { ace } from '#plugins/protocol/smb/security/acl.ts';
import {
  decodeDescriptor,
  descriptorSize,
  encodeDescriptor,
  SE_DACL_PROTECTED,
  selectParts,
} from '#plugins/protocol/smb/security/descriptor.ts';
import { accountOf, groupSid, userSid } from '#plugins/protocol/smb/security/sid.ts';
import { suite } from '../../../../support/suite.ts';
import { garbled } from '../garbled.ts';

const test = suite('plugins/protocol/smb/security/descriptor');

const DOMAIN = 'S-1-5-21-1-2-3';

/** Owner S-1-5-21-1-2-3-3000, group S-1-5-32-545, no SACL; the owner may all, everyone reads. Put together by hand after [MS-DTYP]. */
const PACKET = Buffer.from(
  [
    // Revision, Sbz1, Control (SELF_RELATIVE, DACL_PROTECTED, DACL_PRESENT), four offsets.
    '0100 0490 14000000 30000000 00000000 40000000',
    // Owner.
    '01 05 000000000005 15000000 01000000 02000000 03000000 b80b0000',
    // Group.
    '01 02 000000000005 20000000 21020000',
    // DACL: revision 2, 64 bytes, two entries.
    '02 00 4000 0200 0000',
    // Allow, inherited by files and folders, 36 bytes, all rights, the owner.
    '00 03 2400 ff011f00 01 05 000000000005 15000000 01000000 02000000 03000000 b80b0000',
    // Allow, 20 bytes, reading, S-1-1-0.
    '00 00 1400 89001200 01 01 000000000001 00000000',
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);

const DESCRIPTOR = {
  control: SE_DACL_PROTECTED,
  owner: userSid(DOMAIN, 1000),
  group: 'S-1-5-32-545',
  dacl: {
    revision: 2,
    aces: [ace(0, 3, 0x1f01ff, userSid(DOMAIN, 1000)), ace(0, 0, 0x120089, 'S-1-1-0')],
  },
  sacl: undefined,
};

test('is read from a packet, and written as one', () => {
  assert.equal(decodeDescriptor(PACKET), DESCRIPTOR);
  assert.is(encodeDescriptor(DESCRIPTOR).toString('hex'), PACKET.toString('hex'));
  assert.is(descriptorSize(DESCRIPTOR), PACKET.length);
});

test('an empty list and none are not the same', () => {
  const none = { ...DESCRIPTOR, dacl: null };
  const empty = { ...DESCRIPTOR, dacl: { revision: 2, aces: [] } };
  const absent = { ...DESCRIPTOR, dacl: undefined };
  for (const one of [none, empty, absent]) {
    assert.equal(decodeDescriptor(encodeDescriptor(one)), one);
  }
});

test('parts are told by what was asked for', () => {
  const parts = selectParts(DESCRIPTOR, 0x1);
  assert.equal(parts, {
    control: 0,
    owner: DESCRIPTOR.owner,
    group: undefined,
    dacl: undefined,
    sacl: undefined,
  });
  assert.is(selectParts(DESCRIPTOR, 0x4).control, SE_DACL_PROTECTED);
});

test('ids and SIDs are the same thing in other words', () => {
  for (const id of [0, 1, 1000, 65_534, 2 ** 31 - 1, 2 ** 32 - 2]) {
    assert.equal(accountOf(DOMAIN, userSid(DOMAIN, id)), { kind: 'user', id });
    assert.equal(accountOf(DOMAIN, groupSid(DOMAIN, id)), { kind: 'group', id });
  }
  assert.is(accountOf(DOMAIN, 'S-1-5-21-1-2-4-1000'), undefined);
  assert.is(accountOf(DOMAIN, `${DOMAIN}-500`), undefined);
  assert.is(accountOf(DOMAIN, 'S-1-1-0'), undefined);
});

test('damaged bytes are refused, and nothing else happens', () => {
  for (const bytes of garbled(PACKET)) {
    try {
      decodeDescriptor(bytes);
    } catch (error) {
      assert.instance(error, DecodeError);
    }
  }
});
