/** SECURITY_DESCRIPTOR in its self-relative form ([MS-DTYP] §2.4.6), and the parts of it that clients ask for. */
import { DecodeError } from '#core/wire/reader.ts';
import { SmbReader } from '../wire/reader.ts';
import { SmbWriter } from '../wire/writer.ts';
import { type Acl, aclSize, readAcl, writeAcl } from './acl.ts';
import { readSid, type Sid, sidSize, writeSid } from './sid.ts';

export const SE_OWNER_DEFAULTED = 0x0001;
export const SE_GROUP_DEFAULTED = 0x0002;
export const SE_DACL_PRESENT = 0x0004;
export const SE_DACL_DEFAULTED = 0x0008;
export const SE_SACL_PRESENT = 0x0010;
export const SE_SACL_DEFAULTED = 0x0020;
export const SE_DACL_AUTO_INHERIT_REQ = 0x0100;
export const SE_SACL_AUTO_INHERIT_REQ = 0x0200;
export const SE_DACL_AUTO_INHERITED = 0x0400;
export const SE_SACL_AUTO_INHERITED = 0x0800;
export const SE_DACL_PROTECTED = 0x1000;
export const SE_SACL_PROTECTED = 0x2000;
export const SE_SELF_RELATIVE = 0x8000;

/** AdditionalInformation of QUERY_INFO and SET_INFO ([MS-SMB2] §2.2.37). */
export const OWNER_SECURITY_INFORMATION = 0x01;
export const GROUP_SECURITY_INFORMATION = 0x02;
export const DACL_SECURITY_INFORMATION = 0x04;
export const SACL_SECURITY_INFORMATION = 0x08;
export const LABEL_SECURITY_INFORMATION = 0x10;
export const PROTECTED_DACL_SECURITY_INFORMATION = 0x8000_0000;

const HEADER_SIZE = 20;
/** Two SIDs and two lists of 64 KiB. */
export const DESCRIPTOR_SIZE_MAX = 2 * 0x1_0000 + 256;

export interface SecurityDescriptor {
  /** SE_ flags; those that say what is present follow from the fields. */
  readonly control: number;
  readonly owner: Sid | undefined;
  readonly group: Sid | undefined;
  /** `undefined`: not there. `null`: there, and no list, which lets everybody do everything. */
  readonly dacl: Acl | null | undefined;
  readonly sacl: Acl | null | undefined;
}

const PRESENCE = SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_SACL_PRESENT;

/** Copies what it keeps. Bytes behind the last part are ignored. */
export function decodeDescriptor(bytes: Buffer): SecurityDescriptor {
  const from = new SmbReader(bytes);
  const revision = from.u8();
  if (revision !== 1) throw new DecodeError(`security descriptor: revision ${revision}, must be 1`);
  from.skip(1);
  const control = from.u16();
  if ((control & SE_SELF_RELATIVE) === 0) throw new DecodeError('security descriptor: is absolute');
  const owner = from.u32();
  const group = from.u32();
  const sacl = from.u32();
  const dacl = from.u32();
  return {
    control: control & ~PRESENCE,
    owner: owner === 0 ? undefined : readSid(partAt(bytes, owner)),
    group: group === 0 ? undefined : readSid(partAt(bytes, group)),
    dacl: (control & SE_DACL_PRESENT) === 0 ? undefined : aclAt(bytes, dacl),
    sacl: (control & SE_SACL_PRESENT) === 0 ? undefined : aclAt(bytes, sacl),
  };
}

function aclAt(bytes: Buffer, offset: number): Acl | null {
  return offset === 0 ? null : readAcl(partAt(bytes, offset));
}

function partAt(bytes: Buffer, offset: number): SmbReader {
  if (offset < HEADER_SIZE || offset > bytes.length) {
    throw new DecodeError(`security descriptor: ${bytes.length} bytes, a part at ${offset}`);
  }
  return new SmbReader(bytes, offset, offset);
}

/** In the order that Windows has them: owner, group, SACL, DACL. The bytes are the caller's. */
export function encodeDescriptor(descriptor: SecurityDescriptor): Buffer {
  const { owner, group, dacl, sacl } = descriptor;
  const to = new SmbWriter(DESCRIPTOR_SIZE_MAX, descriptorSize(descriptor));
  const present =
    (dacl === undefined ? 0 : SE_DACL_PRESENT) | (sacl === undefined ? 0 : SE_SACL_PRESENT);
  to.u8(1);
  to.u8(0);
  to.u16((descriptor.control & ~PRESENCE) | present | SE_SELF_RELATIVE);
  to.zeros(16);
  place(to, 4, owner, writeSid);
  place(to, 8, group, writeSid);
  place(to, 12, sacl, writeAcl);
  place(to, 16, dacl, writeAcl);
  return to.finish();
}

function place<Part>(
  to: SmbWriter,
  field: number,
  part: Part | null | undefined,
  write: (to: SmbWriter, part: Part) => void,
): void {
  if (part === undefined || part === null) return;
  to.u32At(field, to.offset);
  write(to, part);
}

/** Bytes that `encodeDescriptor` makes. */
export function descriptorSize({ owner, group, dacl, sacl }: SecurityDescriptor): number {
  const sids = (owner ? sidSize(owner) : 0) + (group ? sidSize(group) : 0);
  return HEADER_SIZE + sids + (dacl ? aclSize(dacl) : 0) + (sacl ? aclSize(sacl) : 0);
}

/** Flags of the parts that go with each choice of `AdditionalInformation`. */
const DACL_FLAGS =
  SE_DACL_DEFAULTED | SE_DACL_AUTO_INHERIT_REQ | SE_DACL_AUTO_INHERITED | SE_DACL_PROTECTED;
const SACL_FLAGS =
  SE_SACL_DEFAULTED | SE_SACL_AUTO_INHERIT_REQ | SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED;

/** What of a descriptor was asked for (§3.3.5.20.3). */
export function selectParts(
  descriptor: SecurityDescriptor,
  information: number,
): SecurityDescriptor {
  const { control, owner, group, dacl, sacl } = descriptor;
  const hasDacl = (information & DACL_SECURITY_INFORMATION) !== 0;
  const hasSacl = (information & SACL_SECURITY_INFORMATION) !== 0;
  return {
    control: control & ((hasDacl ? DACL_FLAGS : 0) | (hasSacl ? SACL_FLAGS : 0)),
    owner: (information & OWNER_SECURITY_INFORMATION) === 0 ? undefined : owner,
    group: (information & GROUP_SECURITY_INFORMATION) === 0 ? undefined : group,
    dacl: hasDacl ? dacl : undefined,
    sacl: hasSacl ? sacl : undefined,
  };
}
