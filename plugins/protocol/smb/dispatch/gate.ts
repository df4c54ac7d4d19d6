/** What must hold before a command is asked: session, signature, encryption, tree ([MS-SMB2] §3.3.5.2.4 to .11). */
import { DecodeError } from '#core/wire/reader.ts';
import type { AnyCommand } from '../command.ts';
import type { SmbConnection } from '../connection.ts';
import type { ServerSession } from '../server-session.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_INVALID_PARAMETER,
  STATUS_NETWORK_NAME_DELETED,
  STATUS_SUCCESS,
  STATUS_USER_SESSION_DELETED,
} from '../status.ts';
import { SMB2_FLAGS_SIGNED } from '../wire/header.ts';
import type { Baton } from './call.ts';
import type { Item } from './chain.ts';
import { meansLastOpen } from './fields.ts';

/** STATUS_SUCCESS: the command may be asked; the baton has what it needs. Throws where the connection must end. */
export function checkRequest(
  connection: SmbConnection,
  item: Item,
  command: AnyCommand | undefined,
  baton: Baton,
  sealedBy: ServerSession | undefined,
  isFirst: boolean,
): number {
  const { header, isRelated } = item;
  if (!isRelated || isFirst) {
    baton.session = connection.sessions.get(header.sessionId);
    baton.sessionId = header.sessionId;
    baton.tree = undefined;
    baton.treeId = header.treeId;
    baton.open = undefined;
    baton.failed = STATUS_SUCCESS;
  }
  const { session } = baton;
  if (sealedBy !== undefined && session !== sealedBy) {
    throw new DecodeError('encrypted message: names another session inside');
  }
  const refusal = checkProof(item, session, sealedBy !== undefined);
  if (refusal !== STATUS_SUCCESS) return refusal;
  if (isRelated && isFirst) return STATUS_INVALID_PARAMETER;
  const needs = command?.needs ?? 'nothing';
  if (needs === 'nothing') return STATUS_SUCCESS;
  if (session === undefined || !session.isValid) {
    // The first hears that there is no such session; what is related to it then means nothing.
    return isRelated ? STATUS_INVALID_PARAMETER : STATUS_USER_SESSION_DELETED;
  }
  if (session.encrypts && sealedBy === undefined) return STATUS_ACCESS_DENIED;
  return needs === 'tree'
    ? checkTree(item, session, baton, sealedBy !== undefined)
    : STATUS_SUCCESS;
}

/** That the message comes from whom it names. */
function checkProof(
  { header, message }: Item,
  session: ServerSession | undefined,
  isSealed: boolean,
): number {
  if (session === undefined || isSealed) return STATUS_SUCCESS;
  if ((header.flags & SMB2_FLAGS_SIGNED) !== 0) {
    return session.signer?.verifies(message) ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
  }
  return session.isValid && session.signingRequired ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

function checkTree(
  { header, body, isRelated }: Item,
  session: ServerSession,
  baton: Baton,
  isSealed: boolean,
): number {
  if (!isRelated) baton.tree = session.trees.get(header.treeId);
  const { tree, failed } = baton;
  const hasFailed = isRelated && failed !== STATUS_SUCCESS;
  if (tree === undefined || session.trees.get(tree.id) !== tree) {
    return hasFailed ? failed : STATUS_NETWORK_NAME_DELETED;
  }
  if (tree.encrypts && !isSealed) return STATUS_ACCESS_DENIED;
  if (!isRelated || baton.open !== undefined) return STATUS_SUCCESS;
  if (!meansLastOpen(header.command, body)) return STATUS_SUCCESS;
  return hasFailed ? failed : STATUS_FILE_CLOSED;
}
