import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type Ended, verdictOf } from './verdict.ts';

const test = suite('torture/verdict');

const ended = (output: string, rest: Partial<Ended> = {}): Ended => ({
  output,
  code: 0,
  isLate: false,
  ...rest,
});
const result = (output: string, rest: Partial<Ended> = {}) => verdictOf(ended(output, rest)).result;

test('a success with exit status 0 is a pass', () => {
  assert.equal(verdictOf(ended('test: connect\ntime: now\nsuccess: connect\n')), {
    result: 'pass',
    why: '',
  });
  assert.is(result('success: connect\n', { code: 1 }), 'error');
});

test('one failure among successes is a failure, with its reason in one line', () => {
  const output = 'success: one\nfailure: rw [\n(../read.c:40)\n  status was X,\n  expected Y\n]\n';
  assert.equal(verdictOf(ended(output, { code: 1 })), {
    result: 'fail',
    why: '(../read.c:40) status was X, expected Y',
  });
});

test('a skip alone is a skip; beside a success it is not counted', () => {
  assert.equal(verdictOf(ended('skip: lease [\nneeds 3.0\n]\n')), {
    result: 'skip',
    why: 'needs 3.0',
  });
  assert.is(result('skip: one\nsuccess: two\n'), 'pass');
});

test('a process that was ended, died or said nothing passed nothing', () => {
  assert.is(result('success: one\n', { isLate: true, code: null }), 'timeout');
  assert.is(result('test: one\n', { code: null }), 'crash');
  assert.is(result('', { code: 0 }), 'error');
  assert.is(verdictOf(ended('Failed to connect\n', { code: 1 })).why, 'Failed to connect');
});
