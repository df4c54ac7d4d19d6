/** SESSION_SETUP: who the user is ([MS-SMB2] §2.2.5, §2.2.6, §3.3.5.5). */
import type { User } from '#core/group/users.ts';
import { Acceptor, type AuthStep } from '../auth/acceptor.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import { preauth } from '../crypto/preauth.ts';
import { endSession } from '../ending.ts';
import { SERVER_NAME } from '../negotiate/settings.ts';
import { SESSIONS_BEGUN_MAX, SESSIONS_MAX, ServerSession } from '../server-session.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_ACCOUNT_DISABLED,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_LOGON_FAILURE,
  STATUS_MORE_PROCESSING_REQUIRED,
  STATUS_SUCCESS,
  STATUS_USER_SESSION_DELETED,
} from '../status.ts';
import { refuseBinding } from './session-binding.ts';

export const SMB2_SESSION_FLAG_BINDING = 0x1;
export const SMB2_SESSION_FLAG_ENCRYPT_DATA = 0x4;
const SMB2_NEGOTIATE_SIGNING_REQUIRED = 0x2;

const HEADER_SIZE = 64;
const REQUEST_SIZE = 24;
const RESPONSE_SIZE = 8;

export interface SessionSetupRequest {
  readonly flags: number;
  readonly securityMode: number;
  readonly capabilities: number;
  readonly previousSessionId: bigint;
  readonly token: Buffer;
}

export interface SessionSetupResponse {
  readonly flags: number;
  readonly token: Buffer;
}

type SetUp = Outcome<SessionSetupResponse>;

export const sessionSetup: Command<SessionSetupRequest, SessionSetupResponse> = {
  name: 'SESSION_SETUP',
  code: 0x0001,
  needs: 'nothing',

  decode(from) {
    from.structureSize(REQUEST_SIZE + 1);
    const flags = from.u8();
    const securityMode = from.u8();
    const capabilities = from.u32();
    from.skip(4);
    const offset = from.u16();
    const size = from.u16();
    const previousSessionId = from.u64();
    const token = from.at(offset, size, 'SESSION_SETUP token');
    return { flags, securityMode, capabilities, previousSessionId, token };
  },

  handle(call, request) {
    const { connection, message } = call.inside;
    if ((request.flags & SMB2_SESSION_FLAG_BINDING) !== 0) {
      return { status: refuseBinding(call) };
    }
    const session = sessionOf(call);
    if (typeof session === 'number') return { status: session };
    if (connection.dialect === 0x0311) session.preauthHash = preauth(session.preauthHash, message);
    session.acceptor ??= acceptorOf(call);
    try {
      const step = session.acceptor.step(request.token);
      return answer(call, session, request, step);
    } catch (error) {
      end(call, session);
      throw error;
    }
  },

  encode(to, { flags, token }) {
    to.u16(RESPONSE_SIZE + 1);
    to.u16(flags);
    to.u16(HEADER_SIZE + RESPONSE_SIZE);
    to.u16(token.length);
    to.raw(token);
  },

  encodeRequest(to, request) {
    to.u16(REQUEST_SIZE + 1);
    to.u8(request.flags);
    to.u8(request.securityMode);
    to.u32(request.capabilities);
    to.u32(0);
    to.u16(HEADER_SIZE + REQUEST_SIZE);
    to.u16(request.token.length);
    to.u64(request.previousSessionId);
    to.raw(request.token);
  },

  decodeResponse(from) {
    from.structureSize(RESPONSE_SIZE + 1);
    const flags = from.u16();
    const offset = from.u16();
    const size = from.u16();
    return { flags, token: Buffer.from(from.at(offset, size, 'SESSION_SETUP token')) };
  },
};

/** The session that the request goes on with, or a new one; a number is the status to refuse with. */
function sessionOf(call: SmbCall): ServerSession | number {
  const { scene, header, inside } = call;
  const { connection, session } = inside;
  if (header.sessionId !== 0n) {
    if (session === undefined) return STATUS_USER_SESSION_DELETED;
    // Authenticated again: the hash of this exchange begins anew, though its keys stay.
    if (session.acceptor === undefined) session.preauthHash = connection.preauthHash;
    return session;
  }
  const { sessions } = connection;
  if (sessions.size >= SESSIONS_MAX) return STATUS_INSUFFICIENT_RESOURCES;
  const begunBefore = [...sessions.values()].filter(({ isValid }) => !isValid).length;
  if (begunBefore >= SESSIONS_BEGUN_MAX) return STATUS_INSUFFICIENT_RESOURCES;
  const begun = new ServerSession(scene.sessions.mintId(), connection);
  connection.sessions.set(begun.id, begun);
  inside.enter(begun);
  return begun;
}

function acceptorOf({ scene }: SmbCall): Acceptor<User> {
  return new Acceptor<User>({
    find: (name) => scene.users.find(name),
    random: scene.random,
    now: () => scene.clock.wall(),
    serverName: SERVER_NAME,
  });
}

function answer(
  call: SmbCall,
  session: ServerSession,
  request: SessionSetupRequest,
  step: AuthStep<User>,
): SetUp | Promise<SetUp> {
  if (step.kind === 'more') {
    const response = { flags: 0, token: step.token };
    return { status: STATUS_MORE_PROCESSING_REQUIRED, response };
  }
  session.acceptor = undefined;
  if (step.kind === 'accepted') return accept(call, session, request, step);
  end(call, session);
  if (step.why === 'anonymous') return { status: STATUS_ACCESS_DENIED };
  const status = step.why === 'disabled' ? STATUS_ACCOUNT_DISABLED : STATUS_LOGON_FAILURE;
  const { scene, connection } = call;
  const waitMs = scene.failures.add(connection.address);
  return new Promise((resolve) => {
    scene.clock.after(waitMs, () => resolve({ status }));
  });
}

function accept(
  call: SmbCall,
  session: ServerSession,
  request: SessionSetupRequest,
  step: Extract<AuthStep<User>, { kind: 'accepted' }>,
): SetUp {
  const { scene, inside } = call;
  const { connection } = inside;
  const { name, caller } = step.account;
  scene.failures.succeeded(connection.address);
  const flags = session.encrypts ? SMB2_SESSION_FLAG_ENCRYPT_DATA : 0;
  if (session.isValid) {
    // Whoever proves to be somebody else does not take over what the session has open.
    if (!isSameName(session.user.name, name)) {
      end(call, session);
      return { status: STATUS_ACCESS_DENIED };
    }
    session.renew({ name, caller });
    return { status: STATUS_SUCCESS, response: { flags, token: step.token } };
  }
  const { dialect, cipher, signing } = connection;
  if (dialect === 0 || (scene.policy.encryption === 'required' && cipher === undefined)) {
    end(call, session);
    return { status: STATUS_ACCESS_DENIED };
  }
  session.begin({ name, caller }, step.sessionKey, { dialect, cipher, signing });
  const asked =
    (request.securityMode | connection.clientSecurityMode) & SMB2_NEGOTIATE_SIGNING_REQUIRED;
  session.signingRequired = scene.policy.signing === 'required' || asked !== 0;
  session.encrypts = scene.policy.encryption === 'required';
  scene.sessions.add(session);
  connection.trust();
  endPrevious(call, session, request.previousSessionId);
  return {
    status: STATUS_SUCCESS,
    response: {
      flags: session.encrypts ? SMB2_SESSION_FLAG_ENCRYPT_DATA : 0,
      token: step.token,
    },
  };
}

/** The same user comes back by another connection: what the old session held waits for the new one (§3.3.5.5.3). */
function endPrevious({ scene }: SmbCall, session: ServerSession, previousId: bigint): void {
  if (previousId === 0n || previousId === session.id) return;
  const previous = scene.sessions.get(previousId);
  if (previous === undefined || !isSameName(previous.user.name, session.user.name)) return;
  endSession(previous.home, previous);
}

function end({ inside }: SmbCall, session: ServerSession): void {
  endSession(inside.connection, session);
}

const isSameName = (one: string, other: string): boolean =>
  one.toLowerCase() === other.toLowerCase();
