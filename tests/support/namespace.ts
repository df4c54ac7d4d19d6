/** Runs a part of a test in a network namespace: sockets that are made meanwhile, by this process, are made in there. */
import { closeSync, openSync } from 'node:fs';
import { checked, libc } from '#plugins/host/libc.ts';

const CLONE_NEWNET = 0x4000_0000;

/** Of the calling thread, which is the one that Node.js makes its sockets on. */
const setns = libc('int setns(int, int)');

export async function inNamespace<T>(name: string, work: () => Promise<T>): Promise<T> {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    enter(`/run/netns/${name}`);
    return await work();
  } finally {
    checked('setns', setns(home, CLONE_NEWNET));
    closeSync(home);
  }
}

function enter(path: string): void {
  const fd = openSync(path, 'r');
  try {
    checked('setns', setns(fd, CLONE_NEWNET));
  } finally {
    closeSync(fd);
  }
}
