/** What the classes of [MS-FSCC] §2.4 tell of a file, gathered once for each question. */
import type { Time } from '#core/ports/clock.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';
import { filetimeOf } from './filetime.ts';

/** What a directory's listing tells as well. */
export interface BasicFacts {
  readonly btime: Time;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
  /** FILE_ATTRIBUTE_*. */
  readonly attributes: number;
  /** Bytes, of the stream that was opened. */
  readonly endOfFile: number;
  readonly allocation: number;
  readonly id: FileId;
  /** Bytes of all extended attributes in their 32-bit form; 0 without any. */
  readonly eaSize: number;
}

export interface StreamFacts {
  /** Without colons and type; empty for the unnamed one. */
  readonly name: string;
  readonly size: number;
}

export interface EaFacts {
  /** One character a byte. */
  readonly name: string;
  readonly value: Buffer;
}

export interface FileFacts extends BasicFacts {
  readonly isDirectory: boolean;
  readonly links: number;
  readonly deletePending: boolean;
  readonly access: number;
  readonly position: number;
  readonly mode: number;
  /** From the root of the share on, with backslashes, the first of them before it. */
  readonly path: string;
  /** 64 bits, the same on every box. */
  readonly volumeSerial: bigint;
  streams(): readonly StreamFacts[];
  eas(): readonly EaFacts[];
}

/** One class that can be asked for. */
export interface FileInfoClass<Value> {
  /** As [MS-FSCC] spells it. */
  readonly name: string;
  readonly code: number;
  /** Bytes without which nothing is told: STATUS_INFO_LENGTH_MISMATCH below ([MS-SMB2] §3.3.5.20.1). */
  readonly sizeMin: number;
  /** Rights that the open must have: one of them is enough; 0 for none. */
  readonly needs: number;
  write(to: SmbWriter, facts: FileFacts): void;
  read(from: SmbReader): Value;
}

export type AnyFileInfoClass = FileInfoClass<unknown>;

export function writeTimes(to: SmbWriter, facts: BasicFacts): void {
  to.u64(filetimeOf(facts.btime));
  to.u64(filetimeOf(facts.atime));
  to.u64(filetimeOf(facts.mtime));
  to.u64(filetimeOf(facts.ctime));
}

export interface Times {
  readonly creation: bigint;
  readonly lastAccess: bigint;
  readonly lastWrite: bigint;
  readonly change: bigint;
}

export function readTimes(from: SmbReader): Times {
  return {
    creation: from.u64(),
    lastAccess: from.u64(),
    lastWrite: from.u64(),
    change: from.u64(),
  };
}
