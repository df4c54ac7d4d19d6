/** Who calls: AUTH_NONE and AUTH_SYS (RFC 5531 §8, appendix A). Other flavors are refused as too weak. */
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';

export const AUTH_NONE = 0;
export const AUTH_SYS = 1;

/** auth_stat. */
export const AUTH_BADCRED = 1;
export const AUTH_TOOWEAK = 5;

const MACHINE_NAME_SIZE_MAX = 255;
export const GROUPS_MAX = 16;
/** stamp, name, uid, gid, groups: all at their largest. */
const AUTH_SYS_SIZE_MAX = 4 + 4 + 256 + 8 + 4 + 4 * GROUPS_MAX;

/** What a call claims, before squashing. */
export interface Credential {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** authsys_parms (RFC 5531 appendix A). */
export function readAuthSys(body: Buffer): Credential {
  const from = new Reader(body);
  from.u32();
  from.opaque(MACHINE_NAME_SIZE_MAX, 'machine name');
  const uid = from.u32();
  const gid = from.u32();
  const count = from.u32();
  if (count > GROUPS_MAX) throw new DecodeError(`groups: ${count}, at most ${GROUPS_MAX}`);
  const groups: number[] = [];
  for (let index = 0; index < count; index += 1) groups.push(from.u32());
  from.end();
  return { uid, gid, groups };
}

/** @param stamp Arbitrary; constant over the retransmissions of a call. */
export function encodeAuthSys(credential: Credential, machine: string, stamp: number): Buffer {
  const to = new Writer(AUTH_SYS_SIZE_MAX);
  to.u32(stamp);
  to.byteString(machine.slice(0, MACHINE_NAME_SIZE_MAX));
  to.u32(credential.uid);
  to.u32(credential.gid);
  to.u32(credential.groups.length);
  for (const group of credential.groups) to.u32(group);
  return to.finish();
}

export type Authentication =
  | { readonly ok: true; readonly credential: Credential | undefined }
  | { readonly ok: false; readonly authStat: number };

const ANONYMOUS: Authentication = { ok: true, credential: undefined };
const TOO_WEAK: Authentication = { ok: false, authStat: AUTH_TOOWEAK };
const BAD: Authentication = { ok: false, authStat: AUTH_BADCRED };

/** One connection's credentials: the last one read is kept, for a client's calls mostly bear the same. */
export class Authenticator {
  #body = Buffer.alloc(0);
  #last: Authentication = BAD;

  authenticate(flavor: number, body: Buffer): Authentication {
    if (flavor === AUTH_NONE) return ANONYMOUS;
    if (flavor !== AUTH_SYS) return TOO_WEAK;
    if (!this.#body.equals(body)) {
      this.#last = decodeAuthSys(body);
      this.#body = Buffer.from(body);
    }
    return this.#last;
  }
}

function decodeAuthSys(body: Buffer): Authentication {
  try {
    return { ok: true, credential: readAuthSys(body) };
  } catch (error) {
    if (error instanceof DecodeError) return BAD;
    throw error;
  }
}
