/** NFS version 3 and MOUNT as a client says them: one method a procedure, results as they came, status and all. */
import type { Device } from '#core/vfs/inode.ts';
import { SET_NOTHING, type SetAttributes } from '#core/vfs/set-attributes.ts';
import { NO_DEVICE } from '#core/volume/operations/types.ts';
import { dump } from '../mount/dump.ts';
import { type ExportRow, exportList } from '../mount/export.ts';
import type { MountRow } from '../mount/list.ts';
import { type MntAnswer, mnt } from '../mount/mnt.ts';
import { MOUNT_PROGRAM, MOUNT_VERSION } from '../mount/program.ts';
import { umnt } from '../mount/umnt.ts';
import { umntall } from '../mount/umntall.ts';
import { nullProcedure } from '../rpc/procedure.ts';
import { access } from '../v3/access.ts';
import { commit } from '../v3/commit.ts';
import { create } from '../v3/create.ts';
import { fsinfo } from '../v3/fsinfo.ts';
import { fsstat } from '../v3/fsstat.ts';
import { getattr } from '../v3/getattr.ts';
import { link } from '../v3/link.ts';
import { lookup } from '../v3/lookup.ts';
import type { MadeAnswer } from '../v3/made.ts';
import { mkdir } from '../v3/mkdir.ts';
import { type MknodArgs, mknod } from '../v3/mknod.ts';
import { pathconf } from '../v3/pathconf.ts';
import { NFS_PROGRAM, NFS_VERSION } from '../v3/program.ts';
import { read } from '../v3/read.ts';
import { readdir } from '../v3/readdir.ts';
import { type ListedFile, readdirplus } from '../v3/readdirplus.ts';
import { readlink } from '../v3/readlink.ts';
import { remove } from '../v3/remove.ts';
import { rename } from '../v3/rename.ts';
import { rmdir } from '../v3/rmdir.ts';
import { setattr } from '../v3/setattr.ts';
import { NFS3_OK } from '../v3/status.ts';
import { symlink } from '../v3/symlink.ts';
import { NFS3_COOKIEVERFSIZE } from '../v3/types.ts';
import { FILE_SYNC, write } from '../v3/write.ts';
import type { RpcClient } from './rpc-client.ts';

const NFS = { number: NFS_PROGRAM, version: NFS_VERSION };
const MOUNT = { number: MOUNT_PROGRAM, version: MOUNT_VERSION };
const NO_VERIFIER = Buffer.alloc(NFS3_COOKIEVERFSIZE);
/** Bytes of a READDIRPLUS page, and of names and cookies in it. */
const PAGE = { maxcount: 32 * 1024, dircount: 8 * 1024 };

/** A procedure answered with another status than NFS3_OK (or MNT3_OK). */
export class NfsError extends Error {
  override readonly name = 'NfsError';
  readonly status: number;

  constructor(what: string, status: number) {
    super(`${what}: nfsstat3 ${status}`);
    this.status = status;
  }
}

/** The answer, if its status is NFS3_OK; otherwise throws `NfsError`. */
export function accepted<Answer extends { readonly status: number }>(
  what: string,
  answer: Answer,
): Answer {
  if (answer.status !== NFS3_OK) throw new NfsError(what, answer.status);
  return answer;
}

/** Names are byte strings (core/vfs/name.ts). */
export class Nfs3Client {
  readonly rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.rpc = rpc;
  }

  null() {
    return this.rpc.call(NFS, nullProcedure, undefined);
  }

  getattr(file: Buffer) {
    return this.rpc.call(NFS, getattr, { file });
  }

  setattr(
    file: Buffer,
    set: Partial<SetAttributes>,
    guard?: { seconds: number; nanoseconds: number },
  ) {
    return this.rpc.call(NFS, setattr, { file, set: { ...SET_NOTHING, ...set }, guard });
  }

  lookup(dir: Buffer, name: string) {
    return this.rpc.call(NFS, lookup, { dir, name });
  }

  access(file: Buffer, bits: number) {
    return this.rpc.call(NFS, access, { file, access: bits });
  }

  readlink(file: Buffer) {
    return this.rpc.call(NFS, readlink, { file });
  }

  read(file: Buffer, offset: number, count: number) {
    return this.rpc.call(NFS, read, { file, offset, count });
  }

  write(file: Buffer, offset: number, data: Buffer, stable = FILE_SYNC) {
    return this.rpc.call(NFS, write, { file, offset, stable, data });
  }

  create(
    dir: Buffer,
    name: string,
    how: 'unchecked' | 'guarded' = 'unchecked',
    set: Partial<SetAttributes> = {},
  ): Promise<MadeAnswer> {
    const args = { dir, name, how, set: { ...SET_NOTHING, ...set }, verifier: '' };
    return this.rpc.call(NFS, create, args);
  }

  /** @param verifier 8 bytes. */
  createExclusive(dir: Buffer, name: string, verifier: Buffer): Promise<MadeAnswer> {
    const args = {
      how: 'exclusive',
      set: SET_NOTHING,
      verifier: verifier.toString('latin1'),
    } as const;
    return this.rpc.call(NFS, create, { dir, name, ...args });
  }

  mkdir(dir: Buffer, name: string, set: Partial<SetAttributes> = {}): Promise<MadeAnswer> {
    return this.rpc.call(NFS, mkdir, { dir, name, set: { ...SET_NOTHING, ...set } });
  }

  symlink(
    dir: Buffer,
    name: string,
    target: string,
    set: Partial<SetAttributes> = {},
  ): Promise<MadeAnswer> {
    return this.rpc.call(NFS, symlink, { dir, name, target, set: { ...SET_NOTHING, ...set } });
  }

  mknod(
    dir: Buffer,
    name: string,
    kind: MknodArgs['kind'],
    set: Partial<SetAttributes> = {},
    device: Device = NO_DEVICE,
  ): Promise<MadeAnswer> {
    return this.rpc.call(NFS, mknod, { dir, name, kind, set: { ...SET_NOTHING, ...set }, device });
  }

  remove(dir: Buffer, name: string) {
    return this.rpc.call(NFS, remove, { dir, name });
  }

  rmdir(dir: Buffer, name: string) {
    return this.rpc.call(NFS, rmdir, { dir, name });
  }

  rename(dir: Buffer, name: string, targetDir: Buffer, targetName: string) {
    const to = { dir: targetDir, name: targetName };
    return this.rpc.call(NFS, rename, { from: { dir, name }, to });
  }

  link(file: Buffer, dir: Buffer, name: string) {
    return this.rpc.call(NFS, link, { file, link: { dir, name } });
  }

  readdir(dir: Buffer, cookie = 0, count = PAGE.dircount, verifier = NO_VERIFIER) {
    return this.rpc.call(NFS, readdir, { dir, cookie, verifier, count });
  }

  readdirplus(dir: Buffer, cookie = 0, page = PAGE, verifier = NO_VERIFIER) {
    return this.rpc.call(NFS, readdirplus, { dir, cookie, verifier, ...page });
  }

  fsstat(file: Buffer) {
    return this.rpc.call(NFS, fsstat, { file });
  }

  fsinfo(file: Buffer) {
    return this.rpc.call(NFS, fsinfo, { file });
  }

  pathconf(file: Buffer) {
    return this.rpc.call(NFS, pathconf, { file });
  }

  commit(file: Buffer, offset = 0, count = 0) {
    return this.rpc.call(NFS, commit, { file, offset, count });
  }

  /** All names of a directory, `.` and `..` left out. Throws `NfsError`. */
  async list(dir: Buffer): Promise<readonly ListedFile[]> {
    const all: ListedFile[] = [];
    for (let cookie = 0; ; ) {
      const page = accepted('READDIRPLUS', await this.readdirplus(dir, cookie));
      all.push(...page.names.filter(({ name }) => name !== '.' && name !== '..'));
      const last = page.names.at(-1);
      if (page.eof || last === undefined) return all;
      cookie = last.cookie;
    }
  }
}

export class MountClient {
  readonly rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.rpc = rpc;
  }

  /** @param path Byte string: an export or a folder below one. */
  mnt(path: string): Promise<MntAnswer> {
    return this.rpc.call(MOUNT, mnt, { path });
  }

  dump(): Promise<readonly MountRow[]> {
    return this.rpc.call(MOUNT, dump, undefined);
  }

  umnt(path: string): Promise<undefined> {
    return this.rpc.call(MOUNT, umnt, { path });
  }

  umntall(): Promise<undefined> {
    return this.rpc.call(MOUNT, umntall, undefined);
  }

  exports(): Promise<readonly ExportRow[]> {
    return this.rpc.call(MOUNT, exportList, undefined);
  }
}
