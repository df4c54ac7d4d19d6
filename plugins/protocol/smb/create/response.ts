/** What CREATE answers ([MS-SMB2] §2.2.14). */
import type { GrantedContexts } from '../contexts/granted.ts';
import type { FileHandle } from '../open.ts';

export interface CreateResponse {
  readonly oplockLevel: number;
  /** CreateAction. */
  readonly action: number;
  /** FILETIME, all four. */
  readonly creationTime: bigint;
  readonly lastAccessTime: bigint;
  readonly lastWriteTime: bigint;
  readonly changeTime: bigint;
  readonly allocationSize: number;
  readonly endOfFile: number;
  readonly attributes: number;
  readonly id: FileHandle;
  readonly contexts: GrantedContexts;
}
