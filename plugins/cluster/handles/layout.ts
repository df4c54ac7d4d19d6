/**
 * The bytes of a common handle, big-endian. Clients compare handles byte by byte, so one file under one export and one
 * key has exactly one.
 *
 *     generic   version|strategy u8, key u8, export u16, volume u32, file u64, generation u32,             MAC u64
 *     issuer    version|strategy u8, key u8, export u16, volume u32, issuer u8+bytes, handle u8+bytes,     MAC u64
 *
 * The MAC covers everything before it.
 */
import { COMMON_HANDLE_SIZE_MAX, type HandleSubject } from '#core/vfs/handle.ts';
import type { FileId } from '#core/vfs/inode.ts';

/** High half of the first byte; a later layout gets another. */
const VERSION = 1;
export const GENERIC = (VERSION << 4) | 1;
export const ISSUER = (VERSION << 4) | 2;

export const KEY_OFFSET = 1;
const EXPORT_OFFSET = 2;
const VOLUME_OFFSET = 4;
const BODY_OFFSET = 8;
const GENERATION_OFFSET = 16;
export const MAC_SIZE = 8;
export const GENERIC_SIZE = 28;
/** One byte of issuer and one of handle at least. */
export const ISSUER_SIZE_MIN = BODY_OFFSET + 4 + MAC_SIZE;

/** What an issuer handle says before the table is asked. */
export interface IssuedSubject {
  readonly volume: number;
  readonly export: number;
  readonly issuer: string;
  /** The issuing box's local handle, byte string. */
  readonly handle: string;
}

/** Writes all but the MAC; returns the bytes written. */
export function writeGeneric(to: Buffer, key: number, subject: HandleSubject): number {
  writeHead(to, GENERIC, key, subject);
  to.writeUInt32BE(Math.floor(subject.file / 0x1_0000_0000), BODY_OFFSET);
  to.writeUInt32BE(subject.file >>> 0, BODY_OFFSET + 4);
  to.writeUInt32BE(subject.generation >>> 0, GENERATION_OFFSET);
  return GENERIC_SIZE - MAC_SIZE;
}

/** Whether an issuer handle of these parts stays within `COMMON_HANDLE_SIZE_MAX`. */
export function issuerFits(issuer: string, handle: string): boolean {
  const size = BODY_OFFSET + 1 + issuer.length + 1 + handle.length + MAC_SIZE;
  return issuer !== '' && handle !== '' && size <= COMMON_HANDLE_SIZE_MAX;
}

/** Writes all but the MAC; returns the bytes written. */
export function writeIssuer(to: Buffer, key: number, subject: IssuedSubject): number {
  writeHead(to, ISSUER, key, subject);
  let at = to.writeUInt8(subject.issuer.length, BODY_OFFSET);
  at += to.write(subject.issuer, at, 'latin1');
  at = to.writeUInt8(subject.handle.length, at);
  return at + to.write(subject.handle, at, 'latin1');
}

/** `undefined` for what no encoder wrote: a file id of 0 or beyond 2^53 - 1. */
export function readGeneric(from: Buffer): HandleSubject | undefined {
  const file = from.readUInt32BE(BODY_OFFSET) * 0x1_0000_0000 + from.readUInt32BE(BODY_OFFSET + 4);
  if (file === 0 || file > Number.MAX_SAFE_INTEGER) return undefined;
  return {
    ...readHead(from),
    file: file as FileId,
    generation: from.readUInt32BE(GENERATION_OFFSET),
  };
}

/** `undefined` when the lengths inside do not add up to the length of the handle. */
export function readIssuer(from: Buffer): IssuedSubject | undefined {
  const end = from.length - MAC_SIZE;
  const issuerEnd = BODY_OFFSET + 1 + from.readUInt8(BODY_OFFSET);
  if (issuerEnd === BODY_OFFSET + 1 || issuerEnd >= end) return undefined;
  const handleStart = issuerEnd + 1;
  if (handleStart === end || handleStart + from.readUInt8(issuerEnd) !== end) return undefined;
  return {
    ...readHead(from),
    issuer: from.toString('latin1', BODY_OFFSET + 1, issuerEnd),
    handle: from.toString('latin1', handleStart, end),
  };
}

interface Head {
  readonly export: number;
  readonly volume: number;
}

function writeHead(to: Buffer, form: number, key: number, head: Head): void {
  to.writeUInt8(form, 0);
  to.writeUInt8(key, KEY_OFFSET);
  to.writeUInt16BE(head.export, EXPORT_OFFSET);
  to.writeUInt32BE(head.volume, VOLUME_OFFSET);
}

function readHead(from: Buffer): Head {
  return { export: from.readUInt16BE(EXPORT_OFFSET), volume: from.readUInt32BE(VOLUME_OFFSET) };
}
