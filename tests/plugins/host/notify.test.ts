import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { SyscallError } from '#core/ports/syscalls.ts';
import { notify, watchdogMs } from '#plugins/host/notify.ts';
import { suite } from '../../support/suite.ts';
import { Datagrams } from './datagrams.ts';
import { folder } from './folder.ts';

const test = suite('plugins/host/notify');

test('a datagram to a path, and to an abstract name', () => {
  for (const path of [join(folder(), 'notify'), `@understudy-test-${process.pid}`]) {
    const systemd = new Datagrams(path);
    try {
      assert.is(notify('READY=1', { NOTIFY_SOCKET: path }), true);
      assert.is(notify('STOPPING=1\nSTATUS=ends', { NOTIFY_SOCKET: path }), true);
      assert.equal(systemd.take(), ['READY=1', 'STOPPING=1\nSTATUS=ends']);
    } finally {
      systemd.close();
    }
  }
});

test('without a socket nobody is told; one that nobody reads is an error with its name', () => {
  assert.is(notify('READY=1', {}), false);
  try {
    notify('READY=1', { NOTIFY_SOCKET: '/nonexistent/notify' });
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof SyscallError);
    assert.is(error.code, 'ENOENT');
  }
});

test('three beats within the limit of the watchdog, if it is meant for this process', () => {
  assert.is(watchdogMs({ WATCHDOG_USEC: '30000000' }), 10_000);
  assert.is(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) }), 10_000);
  for (const other of [{}, { WATCHDOG_USEC: 'x' }, { WATCHDOG_USEC: '3000', WATCHDOG_PID: '1' }]) {
    assert.is(watchdogMs(other), undefined);
  }
});
