/** Users and shares as frontends that ask for a password see them, and what the cluster is to their clients. */
import { service } from '../services.ts';
import type { Caller } from '../vfs/caller.ts';
import type { ServerIdentity, ShareRecord } from './registry.ts';

export interface User {
  /** As it was added. */
  readonly name: string;
  readonly caller: Caller;
  readonly disabled: boolean;
  /** Of the password: 16 bytes, MD4 of its UTF-16LE ([MS-NLMP] §3.3.1). The caller's to overwrite. */
  readonly ntHash: Buffer;
}

export interface Users {
  /** In whatever case. `undefined` also while this box has not got the cluster's key yet: it cannot know then. */
  find(name: string): User | undefined;
  /** The name behind a uid, and of groups the user whose own it is: for whoever asks who a SID is. */
  nameOf(uid: number): string | undefined;
  uidOf(name: string): number | undefined;
}

export interface Shares {
  /** In whatever case. */
  find(name: string): ShareRecord | undefined;
  /** By name. The same array for as long as nothing changed. */
  all(): readonly ShareRecord[];
}

export interface ServerIdentities {
  /** `undefined` on a cluster that has served nobody yet, for a moment after it began to. */
  readonly identity: ServerIdentity | undefined;
}

export const USERS = service<Users>('cluster/users');
export const SHARES = service<Shares>('cluster/shares');
export const SERVER_IDENTITY = service<ServerIdentities>('cluster/identity');
