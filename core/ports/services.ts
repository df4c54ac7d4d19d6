/** The keys under which `plugins/host` offers the outside world. */
import { service } from '../services.ts';
import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Lan } from './lan.ts';
import type { Net } from './net.ts';
import type { Random } from './random.ts';
import type { Scratch } from './scratch.ts';
import type { Store } from './store.ts';
import type { Syscalls } from './syscalls.ts';

export const CLOCK = service<Clock>('host/clock');
export const RANDOM = service<Random>('host/random');
export const NET = service<Net>('host/net');
export const LAN = service<Lan>('host/lan');
export const DISK = service<Disk>('host/disk');
export const SCRATCH = service<Scratch>('host/scratch');
export const STORE = service<Store>('host/store');
export const SYSCALLS = service<Syscalls>('host/syscalls');
