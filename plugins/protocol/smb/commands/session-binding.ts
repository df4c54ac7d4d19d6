/**
 * SESSION_SETUP that binds another connection to a session ([MS-SMB2] §3.3.5.5). Sessions of several connections are not
 * offered, so it is always refused; the reason given is the first that a server which offers them would have.
 */
import type { SmbCall } from '../command.ts';
import { SIGNING_AES_GMAC } from '../crypto/signing.ts';
import {
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_REQUEST_NOT_ACCEPTED,
  STATUS_REQUEST_OUT_OF_SEQUENCE,
  STATUS_USER_SESSION_DELETED,
} from '../status.ts';

export function refuseBinding(call: SmbCall): number {
  const { connection, isSigned, message, enter } = call.inside;
  const session = call.scene.sessions.get(call.header.sessionId);
  if (session === undefined) return STATUS_USER_SESSION_DELETED;
  // Its client has no other key yet, and believes nobody who has not this one; nobody else is told anything with it.
  if (isSigned && session.signer?.verifies(message)) enter(session);
  const { home } = session;
  if (home.signing !== connection.signing) {
    if (home.signing === SIGNING_AES_GMAC) return STATUS_REQUEST_OUT_OF_SEQUENCE;
    if (connection.signing === SIGNING_AES_GMAC) return STATUS_NOT_SUPPORTED;
  }
  if (connection.dialect < 0x0300) return STATUS_REQUEST_NOT_ACCEPTED;
  const isAlike = home.dialect === connection.dialect && home.cipher === connection.cipher;
  return isAlike ? STATUS_REQUEST_NOT_ACCEPTED : STATUS_INVALID_PARAMETER;
}
