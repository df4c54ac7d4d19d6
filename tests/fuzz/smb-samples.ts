/** A request of every command of SMB2, to be cut and changed. */

import { type Asked, type Request, request } from '#plugins/protocol/smb/client/reply.ts';
import type { AnyCommand } from '#plugins/protocol/smb/command.ts';
import { changeNotify } from '#plugins/protocol/smb/commands/change-notify.ts';
import { close } from '#plugins/protocol/smb/commands/close.ts';
import { create } from '#plugins/protocol/smb/commands/create.ts';
import { flush } from '#plugins/protocol/smb/commands/flush.ts';
import { commands } from '#plugins/protocol/smb/commands/index.ts';
import { ioctl } from '#plugins/protocol/smb/commands/ioctl.ts';
import { lock } from '#plugins/protocol/smb/commands/lock.ts';
import { negotiate } from '#plugins/protocol/smb/commands/negotiate.ts';
import { oplockBreak } from '#plugins/protocol/smb/commands/oplock-break.ts';
import { queryDirectory } from '#plugins/protocol/smb/commands/query-directory.ts';
import { queryInfo } from '#plugins/protocol/smb/commands/query-info.ts';
import { read } from '#plugins/protocol/smb/commands/read.ts';
import { sessionSetup } from '#plugins/protocol/smb/commands/session-setup.ts';
import { setInfo } from '#plugins/protocol/smb/commands/set-info.ts';
import { treeConnect } from '#plugins/protocol/smb/commands/tree-connect.ts';
import { write } from '#plugins/protocol/smb/commands/write.ts';
import { FSCTLS } from '#plugins/protocol/smb/fsctl/fsctls.ts';
import { writeList, writePreauth } from '#plugins/protocol/smb/negotiate/contexts.ts';
import type { FileHandle } from '#plugins/protocol/smb/open.ts';
import {
  type Header,
  SMB2_FLAGS_ASYNC_COMMAND,
  writeHeader,
} from '#plugins/protocol/smb/wire/header.ts';
import { SmbWriter } from '#plugins/protocol/smb/wire/writer.ts';
import { createRequest } from '../plugins/protocol/smb/guest.ts';

export interface Sample {
  readonly command: AnyCommand;
  readonly args: unknown;
}

const GUID = '00112233445566778899aabbccddeeff';
const SOME_FILE: FileHandle = { persistent: 1n, volatile: 1n };

function sample<Args, Answer>(command: Asked<Args, Answer>, args: Args): Sample {
  const { command: asked, args: same }: Request = request(command, args);
  return { command: asked as unknown as AnyCommand, args: same };
}

/** @param id Of an open file, where the samples should reach one. */
export function samples(id = SOME_FILE): readonly Sample[] {
  const contexts = [
    writePreauth({ hashes: [1], salt: Buffer.alloc(32) }),
    writeList(2, [1, 2]),
    writeList(8, [0, 1, 2]),
  ];
  const clientGuid = Buffer.from(GUID, 'hex');
  const bare = [0x02, 0x04, 0x0c, 0x0d].map((code) => ({
    command: commands[code] as AnyCommand,
    args: null,
  }));
  const setup = { flags: 0, securityMode: 1, capabilities: 1, previousSessionId: 9n };
  return [
    sample(negotiate, {
      securityMode: 1,
      capabilities: 0x7f,
      clientGuid,
      dialects: [0x0210, 0x0311],
      contexts,
    }),
    sample(sessionSetup, { ...setup, token: Buffer.from('NTLMSSP\0\x01\0\0\0\0\0\0\0', 'latin1') }),
    sample(treeConnect, { flags: 0, path: '\\\\server\\Files' }),
    ...bare,
    ...ofFiles(id),
  ];
}

function ofFiles(id: FileHandle): readonly Sample[] {
  const plain = { id, flags: 0, channel: 0 };
  const data = Buffer.from('some words to write');
  const lease = { version: 2, key: GUID, state: 7, flags: 0, parentKey: '', epoch: 1 } as const;
  const durableV2 = { timeoutMs: 1000, flags: 0, createGuid: GUID };
  const everything = {
    maximalAccess: { since: 0n },
    diskId: true,
    allocationSize: 4096,
    lease,
    durableV2,
  } as const;
  const range = { offset: 5n, length: 10n, flags: 0x12 };
  const names = { class: 37, flags: 0, index: 0, id, pattern: '*', outputSizeMax: 4096 };
  const info = { outputSizeMax: 4096, input: Buffer.alloc(0), additional: 7, flags: 0, id };
  return [
    sample(create, createRequest('folder\\a file', { contexts: everything, oplockLevel: 0xff })),
    sample(
      create,
      createRequest('a:stream:$DATA', { contexts: { durable: true }, oplockLevel: 9 }),
    ),
    sample(close, { id: { persistent: 7n, volatile: 7n }, flags: 1 }),
    sample(flush, { id }),
    sample(read, { ...plain, offset: 3n, length: 200, minimumCount: 0 }),
    sample(write, { ...plain, offset: 3n, data }),
    sample(lock, { id, sequence: 0x11, locks: [range, { ...range, offset: 100n }] }),
    ...[...FSCTLS.keys()].map((code) =>
      sample(ioctl, {
        code,
        id,
        input: Buffer.alloc(48, 1),
        inputSizeMax: 0,
        outputSizeMax: 4096,
        flags: 1,
      }),
    ),
    ...[1, 2, 3, 12, 37, 38, 50].map((one) => sample(queryDirectory, { ...names, class: one })),
    sample(changeNotify, { id, flags: 1, outputSizeMax: 1000, filter: 0xfff }),
    ...[4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 22, 34, 35].map((one) =>
      sample(queryInfo, { ...info, type: 1, class: one }),
    ),
    ...[1, 3, 5, 7, 11].map((one) => sample(queryInfo, { ...info, type: 2, class: one })),
    sample(queryInfo, { ...info, type: 3, class: 0 }),
    ...[4, 10, 11, 13, 14, 15, 16, 19, 20].map((one) =>
      sample(setInfo, { type: 1, class: one, data: Buffer.alloc(64, 0), additional: 0, id }),
    ),
    sample(setInfo, { type: 3, class: 0, data: Buffer.alloc(80, 1), additional: 4, id }),
    sample(oplockBreak, { kind: 'oplock', level: 1, id }),
    sample(oplockBreak, { kind: 'lease', flags: 0, key: GUID, state: 1 }),
  ];
}

/** A message of one request, not signed. */
export function messageOf(
  command: AnyCommand,
  args: unknown,
  more: Partial<Header> & { readonly messageId: bigint },
): Buffer {
  const to = new SmbWriter(65_536);
  const { asyncId = 0n, flags = 0 } = more;
  writeHeader(to, {
    creditCharge: 1,
    status: 0,
    command: command.code,
    credits: 16,
    nextCommand: 0,
    treeId: 0,
    sessionId: 0n,
    ...more,
    asyncId,
    flags: flags | (asyncId === 0n ? 0 : SMB2_FLAGS_ASYNC_COMMAND),
  });
  command.encodeRequest(to, args);
  return Buffer.from(to.finish());
}
