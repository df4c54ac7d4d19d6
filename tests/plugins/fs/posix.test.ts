/** fs/posix: the contract with and without kernel handles, and what only a folder has. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT } from '#core/log-line.ts';
import type { Syscalls } from '#core/ports/syscalls.ts';
import { posixFactory } from '#plugins/fs/posix/factory.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createRandom } from '#plugins/host/random.ts';
import { createSyscalls } from '#plugins/host/syscalls.ts';
import { type BackendPlace, backendContract } from '../../contract/backend.ts';

const syscalls = createSyscalls();
const isRoot = process.geteuid?.() === 0;
const withoutHandles: Syscalls = { ...syscalls, nameToHandle: () => undefined };

function placeOf(calls: Syscalls): BackendPlace {
  const path = mkdtempSync(join(tmpdir(), 'understudy-posix-'));
  const deps = { clock: createClock(), random: createRandom(), syscalls: calls, log: SILENT };
  const factory = posixFactory({ descriptors: 16, isRoot }, deps);
  return {
    open: (table) => factory.open({ volume: 7, volumeName: 'files', path }, table),
    clean: () => rmSync(path, { recursive: true, force: true }),
  };
}

backendContract({ name: 'fs/posix by kernel handle', make: () => placeOf(syscalls) });
backendContract({ name: 'fs/posix by path', make: () => placeOf(withoutHandles) });
