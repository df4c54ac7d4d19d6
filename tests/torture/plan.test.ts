import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { chosen, suitesOf } from './plan.ts';

const test = suite('torture/plan');

const ALL = ['smb2.connect', 'smb2.lock.one', 'smb2.lock.two', 'smb2.lockdown.one'];

test('a word is a suite or a test, with or without its smb2', () => {
  assert.equal(chosen([], ALL), ALL);
  assert.equal(chosen(['lock'], ALL), ['smb2.lock.one', 'smb2.lock.two']);
  assert.equal(chosen(['smb2.lock.two', 'connect'], ALL), ['smb2.connect', 'smb2.lock.two']);
  assert.throws(() => chosen(['lick'], ALL), /lick: no such test/);
});

test('suites stay together, the long ones first', () => {
  assert.equal(suitesOf(ALL), [
    ['smb2.lock.one', 'smb2.lock.two'],
    ['smb2.connect'],
    ['smb2.lockdown.one'],
  ]);
});
