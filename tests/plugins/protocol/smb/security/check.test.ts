import * as assert from 'uvu/assert';
import { ace } from '#plugins/protocol/smb/security/acl.ts';
import { grantedBy, tokenOf } from '#plugins/protocol/smb/security/check.ts';
import { userSid } from '#plugins/protocol/smb/security/sid.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('plugins/protocol/smb/security/check');

const DOMAIN = 'S-1-5-21-1-2-3';
const ANN = userSid(DOMAIN, 1000);
const BOB = userSid(DOMAIN, 1001);
const TOKEN = tokenOf(DOMAIN, { uid: 1000, gid: 1000, groups: [50] });

const [ALLOW, DENY] = [0, 1];
const [READ, WRITE] = [0x1, 0x2];
const OWN = 0x6_0000;

/** Owner, entries, what Ann gets. */
const TABLE: readonly (readonly [
  title: string,
  owner: string,
  entries: readonly (readonly [type: number, flags: number, mask: number, sid: string])[],
  granted: number,
])[] = [
  ['an empty list lets nobody in', BOB, [], 0],
  ['who owns may read and change the list', ANN, [], OWN],
  ['unless the list says what owners may', ANN, [[ALLOW, 0, READ, 'S-1-3-4']], READ],
  [
    'what is allowed adds up',
    BOB,
    [
      [ALLOW, 0, READ, ANN],
      [ALLOW, 0, WRITE, 'S-1-1-0'],
    ],
    READ | WRITE,
  ],
  [
    'what is denied first is not given later',
    BOB,
    [
      [DENY, 0, WRITE, ANN],
      [ALLOW, 0, READ | WRITE, ANN],
    ],
    READ,
  ],
  [
    'what is given first is not taken later',
    BOB,
    [
      [ALLOW, 0, WRITE, ANN],
      [DENY, 0, WRITE, ANN],
    ],
    WRITE,
  ],
  ['what is for others is not for her', BOB, [[ALLOW, 0, READ, BOB]], 0],
  ['what is only handed down does not count', BOB, [[ALLOW, 0x8 | 0x1, READ, ANN]], 0],
  ['generic rights are those of files', BOB, [[ALLOW, 0, 0x8000_0000, ANN]], 0x12_0089],
  ['groups count', BOB, [[ALLOW, 0, READ, `${DOMAIN}-1101`]], READ],
  ['CREATOR OWNER is nobody', ANN, [[ALLOW, 0, READ, 'S-1-3-0']], OWN],
];

for (const [title, owner, entries, granted] of TABLE) {
  test(title, () => {
    const aces = entries.map(([type, flags, mask, sid]) => ace(type, flags, mask, sid));
    assert.is(grantedBy({ owner, dacl: { revision: 2, aces } }, TOKEN), granted);
  });
}

test('without a list everybody may everything, and root always', () => {
  assert.is(grantedBy({ owner: BOB, dacl: null }, TOKEN), 0x1f_01ff);
  const root = tokenOf(DOMAIN, { uid: 0, gid: 0, groups: [] });
  assert.is(grantedBy({ owner: BOB, dacl: { revision: 2, aces: [] } }, root), 0x1f_01ff);
});
