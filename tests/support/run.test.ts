import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { suite } from './suite.ts';

const test = suite('support/run', { secondsMax: 20 });

interface Outcome {
  readonly code: number | null;
  readonly text: string;
  readonly lastLine: string;
}

function run(sample: string): Outcome {
  const args = ['tests/run.ts', `samples/${sample}`, '--suffix', '.sample.ts'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return {
    code: status,
    text: stdout + stderr,
    lastLine: stdout.trimEnd().split('\n').at(-1) ?? '',
  };
}

test('what passes is green, and a skipped test says why in one line', () => {
  const { code, text, lastLine } = run('passes');
  assert.is(lastLine, '1 passed, 0 failed, 1 skipped');
  assert.is(code, 0);
  assert.match(text, 'skipped: samples/passes: the sun shines: it is night\n');
});

test('a failure shows title, assertion and stack', () => {
  const { code, text, lastLine } = run('fails');
  assert.is(lastLine, '0 passed, 2 failed');
  assert.is(code, 1);
  assert.match(text, 'one is two');
  assert.match(text, 'fails.sample.ts:8');
  assert.match(text, 'just words');
});

test('a test that never settles fails, and the rest goes on', () => {
  const { code, text, lastLine } = run('hangs');
  assert.is(lastLine, '1 passed, 1 failed');
  assert.is(code, 1);
  assert.match(text, 'never settles: no answer in 0.1 s');
});

test('a test that blocks the event loop ends the run as failed', () => {
  const { code, text, lastLine } = run('blocks');
  assert.is(lastLine, '1 passed, 1 failed');
  assert.is.not(code, 0);
  assert.match(text, 'samples/blocks: blocks the event loop: blocks the event loop for more than');
});

test('rejections and exceptions that nobody caught fail the run', () => {
  const { code, text, lastLine } = run('strays');
  assert.is(lastLine, '2 passed, 2 failed');
  assert.is(code, 1);
  assert.match(text, 'unseen rejection');
  assert.match(text, 'unseen exception');
});

test('a file that leaves handles open is named, and the run ends', () => {
  const { code, text, lastLine } = run('leaves');
  assert.is(lastLine, '1 passed, 0 failed');
  assert.is(code, 0);
  assert.match(text, 'left open by support/samples/leaves.sample.ts: ');
});

test('no suite, no import, no file: each is a failure', () => {
  assert.is(run('empty').lastLine, '0 passed, 1 failed');
  assert.is(run('broken').lastLine, '0 passed, 2 failed');
  const { code, lastLine } = run('nowhere');
  assert.is(lastLine, '0 passed, 0 failed');
  assert.is(code, 1);
});
