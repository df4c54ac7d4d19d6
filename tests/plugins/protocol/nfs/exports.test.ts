import * as assert from 'uvu/assert';
import { Export } from '#plugins/protocol/nfs/exports.ts';
import { exportRecord } from '../../../support/fake-group.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('nfs/exports');

test('networks admit addresses of their own family, and IPv4 in the clothes of IPv6', () => {
  const entry = new Export(exportRecord({ networks: ['10.1.0.0/16', 'fd00::/8'] }));
  assert.ok(entry.admits('10.1.2.3'));
  assert.ok(entry.admits('::ffff:10.1.2.3'));
  assert.ok(entry.admits('fd12::1'));
  for (const stranger of ['10.2.0.1', 'fe80::1%eth0', '::1', '::ffff:10.2.0.1', '', 'nobody']) {
    assert.not.ok(entry.admits(stranger), stranger);
  }
});

test('a network that cannot be read admits nobody and keeps no other from admitting', () => {
  const entry = new Export(exportRecord({ networks: ['10.1.0.0', '::/200', '10.0.0.0/8'] }));
  assert.ok(entry.admits('10.1.2.3'));
  assert.not.ok(entry.admits('::1'));
});

test('root_squash takes root away, from the groups too', () => {
  const squashing = exportRecord({ squash: 'root_squash', anonymousUid: 7, anonymousGid: 8 });
  const entry = new Export(squashing);
  const root = { uid: 0, gid: 0, groups: [0, 5] };
  assert.equal(entry.callerOf(root), { uid: 7, gid: 8, groups: [8, 5] });
  const alice = { uid: 1000, gid: 0, groups: [] };
  assert.equal(entry.callerOf(alice), { uid: 1000, gid: 8, groups: [] });
  assert.equal(entry.callerOf(undefined), { uid: 7, gid: 8, groups: [] });
  assert.equal(entry.callerOf(alice), { uid: 1000, gid: 8, groups: [] });
});

test('no_root_squash leaves everybody who says who they are', () => {
  const entry = new Export(exportRecord({ squash: 'no_root_squash', anonymousUid: 7 }));
  const root = { uid: 0, gid: 0, groups: [] };
  assert.equal(entry.callerOf(root), root);
  assert.is(entry.callerOf(undefined).uid, 7);
});

test('all_squash makes everybody the same', () => {
  const entry = new Export(exportRecord({ squash: 'all_squash', anonymousUid: 7 }));
  const caller = entry.callerOf({ uid: 1000, gid: 1000, groups: [0] });
  assert.is(caller.uid, 7);
  assert.equal(caller.groups, []);
});
