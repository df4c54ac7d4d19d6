import * as assert from 'uvu/assert';
import { judge, type Level } from '#tui/doctor.ts';
import { CAPABILITY, type Facts, gatherFacts, TOOLS } from '#tui/machine.ts';
import { suite } from '../support/suite.ts';

const test = suite('tui/doctor');

const bits = (...numbers: readonly number[]): bigint =>
  numbers.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);

const GOOD: Facts = {
  platform: 'linux',
  architecture: 'arm64',
  nodeVersion: '24.21.0',
  directory: '/var/lib/understudy',
  directoryExists: true,
  directoryWritable: true,
  sizeFree: 2 ** 40,
  capabilities: bits(CAPABILITY.readSearch, CAPABILITY.netAdmin, CAPABILITY.netRaw),
  ports: [{ port: 2049, use: 'NFS', state: 'free' }],
  seconds: 1_800_000_000,
  directorySeconds: 1_799_999_999,
  tools: TOOLS,
};

test('a machine that lacks nothing', () => {
  for (const { level, sentence } of judge(GOOD)) assert.is(level, 'ok', sentence);
});

test('each lack is one finding with its advice', () => {
  const cases: readonly [Partial<Facts>, string, Level, RegExp][] = [
    [{ platform: 'darwin' }, 'machine', 'fail', /linux/],
    [{ nodeVersion: '20.20.2' }, 'node', 'fail', /npm install/],
    [{ nodeVersion: '26.1.0' }, 'node', 'warn', /npm install/],
    [{ directoryWritable: false }, 'state', 'fail', /--dir/],
    [{ sizeFree: 1024 }, 'space', 'fail', /1\.0 KiB free .*make room/],
    [{ sizeFree: 500 * 2 ** 20 }, 'space', 'warn', /of 1\.0 GiB of log .* only a part can be kept/],
    [{ sizeFree: undefined }, 'space', 'warn', /cannot tell/],
    [{ seconds: 100 }, 'clock', 'fail', /1970-01-01T00:01.*NTP/],
    [{ directorySeconds: 1_900_000_000 }, 'clock', 'warn', /changed later/],
    [
      { capabilities: bits(CAPABILITY.netAdmin, CAPABILITY.netRaw) },
      'kernel handles',
      'warn',
      /CAP_DAC/,
    ],
    [
      { capabilities: bits(CAPABILITY.readSearch, CAPABILITY.netAdmin) },
      'addresses',
      'warn',
      /NET_RAW/,
    ],
    [{ ports: [{ port: 111, use: 'portmap', state: 'EACCES' }] }, 'port 111', 'warn', /1024/],
    [
      { ports: [{ port: 111, use: 'portmap', state: 'EADDRINUSE' }] },
      'port 111',
      'warn',
      /rpcbind/,
    ],
    [{ tools: ['showmount'] }, 'tools', 'warn', /nfs-ls, mount\.nfs, rpcinfo missing.*apt-get/],
  ];
  for (const [lack, check, level, expected] of cases) {
    const bad = judge({ ...GOOD, ...lack }).filter((finding) => finding.level !== 'ok');
    assert.equal(
      bad.map((finding) => [finding.check, finding.level]),
      [[check, level]],
    );
    assert.match(bad[0]?.sentence ?? '', expected);
  }
});

test('facts of this machine', async () => {
  const facts = await gatherFacts('/nonexistent/folder', 5, '/bin');
  assert.is(facts.directoryExists, false);
  assert.is(facts.directorySeconds, 0);
  assert.is(facts.seconds, 5);
  assert.ok((facts.sizeFree ?? 0) > 0);
  assert.equal(
    facts.ports.map(({ port }) => port),
    [2049, 111],
  );
});
