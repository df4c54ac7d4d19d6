import * as assert from 'uvu/assert';
import { type Ace, ace } from '#plugins/protocol/smb/security/acl.ts';
import { SE_DACL_AUTO_INHERITED } from '#plugins/protocol/smb/security/descriptor.ts';
import { inheritedDescriptor } from '#plugins/protocol/smb/security/inherit.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('plugins/protocol/smb/security/inherit');

const ANN = 'S-1-5-21-1-2-3-3000';
const CREATOR = { owner: ANN, group: 'S-1-5-21-1-2-3-3001' };
const EVERYONE = 'S-1-1-0';
const CREATOR_OWNER = 'S-1-3-0';
const [OI, CI, NP, IO, ID] = [0x1, 0x2, 0x4, 0x8, 0x10];
const READ = 0x12_0089;
const GENERIC_READ = 0x8000_0000;

/** Flags, SID and mask of the folder's entry; what a file has of it, what a folder has of it. */
const TABLE: readonly (readonly [
  flags: number,
  sid: string,
  mask: number,
  file: readonly Ace[],
  folder: readonly Ace[],
])[] = [
  [0, EVERYONE, READ, [], []],
  [OI, EVERYONE, READ, [ace(0, 0, READ, EVERYONE)], [ace(0, OI | IO, READ, EVERYONE)]],
  [CI, EVERYONE, READ, [], [ace(0, CI, READ, EVERYONE)]],
  [OI | CI, EVERYONE, READ, [ace(0, 0, READ, EVERYONE)], [ace(0, OI | CI, READ, EVERYONE)]],
  [OI | NP, EVERYONE, READ, [ace(0, 0, READ, EVERYONE)], []],
  [CI | NP, EVERYONE, READ, [], [ace(0, 0, READ, EVERYONE)]],
  [CI | IO, EVERYONE, READ, [], [ace(0, CI, READ, EVERYONE)]],
  [
    OI | CI,
    CREATOR_OWNER,
    READ,
    [ace(0, 0, READ, ANN)],
    [ace(0, 0, READ, ANN), ace(0, OI | CI | IO, READ, CREATOR_OWNER)],
  ],
  [
    OI | CI,
    EVERYONE,
    GENERIC_READ,
    [ace(0, 0, READ, EVERYONE)],
    [ace(0, 0, READ, EVERYONE), ace(0, OI | CI | IO, GENERIC_READ, EVERYONE)],
  ],
];

for (const [flags, sid, mask, file, folder] of TABLE) {
  test(`flags 0x${flags.toString(16)} for ${sid}, mask 0x${mask.toString(16)}`, () => {
    for (const isDirectory of [false, true]) {
      const parent = {
        control: 0,
        owner: EVERYONE,
        group: EVERYONE,
        dacl: { revision: 2, aces: [ace(0, flags, mask, sid)] },
        sacl: undefined,
      };
      const made = inheritedDescriptor(parent, isDirectory, CREATOR);
      assert.equal(made?.dacl?.aces ?? [], isDirectory ? folder : file);
    }
  });
}

test('an automatic list hands down entries that say they were', () => {
  const dacl = { revision: 2, aces: [ace(0, OI, READ, EVERYONE)] };
  const parent = { control: SE_DACL_AUTO_INHERITED, owner: ANN, group: ANN, dacl, sacl: undefined };
  const made = inheritedDescriptor(parent, false, CREATOR);
  assert.is(made?.control, SE_DACL_AUTO_INHERITED);
  assert.equal(made?.dacl?.aces, [ace(0, ID, READ, EVERYONE)]);
});
