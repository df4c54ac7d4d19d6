/** Handles as clients hold them and as one box's backend understands them. */
import type { Brand } from '../brand.ts';
import type { Result } from '../result.ts';
import { service } from '../services.ts';
import type { FileId, Inode } from './inode.ts';
import type { FsError } from './status.ts';

/** Opaque to clients, at most `COMMON_HANDLE_SIZE_MAX` bytes; stable for as long as the file lives. */
export type CommonHandle = Brand<Buffer, 'CommonHandle'>;

/** Some clients fail at 64 bytes (RFC 1813 §2.4 allows it); 56 works with all that are known. */
export const COMMON_HANDLE_SIZE_MAX = 56;
/** What a backend's own handle may take of it. */
export const LOCAL_HANDLE_SIZE_MAX = 36;

export type HandleStrategy = 'generic' | 'issuer';

export interface HandleSubject {
  readonly volume: number;
  readonly export: number;
  readonly file: FileId;
  readonly generation: number;
}

/** Translates between common handles and file ids (DESIGN: common handle -> file id -> local handle). */
export interface HandleTranslator {
  /** The one common handle of a file under an export; valid until the next call of `encode`. */
  encode(volume: number, exportId: number, strategy: HandleStrategy, inode: Inode): CommonHandle;
  /** `bad-handle` for a wrong form or MAC, `stale` for a file that is proven deleted. */
  decode(handle: Buffer): Result<HandleSubject, FsError>;
}

export const HANDLES = service<HandleTranslator>('cluster/handles');
