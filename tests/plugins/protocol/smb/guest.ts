/** A client at a stage, and the requests that most tests begin with. */
import { createRandom } from '#plugins/host/random.ts';
import { logon, type NegotiateOptions, negotiateWith } from '#plugins/protocol/smb/client/logon.ts';
import type { ClientSession, ClientTree } from '#plugins/protocol/smb/client/session.ts';
import { SmbClient } from '#plugins/protocol/smb/client/smb-client.ts';
import { create } from '#plugins/protocol/smb/commands/create.ts';
import type { CreateRequest } from '#plugins/protocol/smb/create/request.ts';
import type { FileHandle } from '#plugins/protocol/smb/open.ts';
import { type Account, clock, net, ROOT, type SmbStage } from './stage.ts';

export const random = createRandom();

export async function guest(stage: SmbStage, options: object = {}): Promise<SmbClient> {
  const where = { address: '127.0.0.1', port: stage.port, deadlineMs: 4000, ...options };
  return SmbClient.connect(where, { net, clock, random });
}

export async function loggedOn(
  stage: SmbStage,
  account: Account = ROOT,
  options: NegotiateOptions = {},
): Promise<ClientSession> {
  const client = await guest(stage);
  await negotiateWith(client, options);
  const session = await logon(client, { user: account.name, password: account.password });
  if (typeof session === 'number') throw new Error(`SESSION_SETUP: ${session.toString(16)}`);
  return session;
}

export async function treeOf(session: ClientSession, share = 'Files'): Promise<ClientTree> {
  const tree = await session.connect(share);
  if (typeof tree === 'number') throw new Error(`TREE_CONNECT: ${tree.toString(16)}`);
  return tree;
}

export async function connected(
  stage: SmbStage,
  options: NegotiateOptions = {},
  share = 'Files',
): Promise<ClientTree> {
  return treeOf(await loggedOn(stage, ROOT, options), share);
}

export const LAST_OPEN: FileHandle = {
  persistent: 0xffff_ffff_ffff_ffffn,
  volatile: 0xffff_ffff_ffff_ffffn,
};

export const FILE_OPEN = 1;
export const FILE_CREATE = 2;
export const FILE_OPEN_IF = 3;
const MAXIMUM_ALLOWED = 0x0200_0000;

export function createRequest(name: string, more: Partial<CreateRequest> = {}): CreateRequest {
  return {
    oplockLevel: 0,
    impersonationLevel: 2,
    desiredAccess: MAXIMUM_ALLOWED,
    attributes: 0,
    shareAccess: 7,
    disposition: FILE_OPEN_IF,
    options: 0,
    name,
    contexts: {},
    ...more,
  };
}

export async function opened(
  tree: ClientTree,
  name: string,
  more: Partial<CreateRequest> = {},
): Promise<FileHandle> {
  const reply = await tree.ask(create, createRequest(name, more));
  if (reply.answer === undefined) throw new Error(`CREATE ${name}: ${reply.status.toString(16)}`);
  return reply.answer.id;
}
