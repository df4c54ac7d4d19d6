/** What a file-system control is: one code of IOCTL, one a file ([MS-SMB2] §3.3.5.15, [MS-FSCC] §2.3). */
import type { Outcome, SmbCall } from '../command.ts';
import type { FileHandle, FileOpen, PipeOpen } from '../open.ts';

export interface FsctlRequest {
  readonly id: FileHandle;
  /** A view. */
  readonly input: Buffer;
  /** Bytes that the client has room for. */
  readonly outputSizeMax: number;
}

export interface FsctlAnswer {
  readonly output: Buffer;
}

export type FsctlOutcome = Outcome<FsctlAnswer>;
type MaybeLater = FsctlOutcome | Promise<FsctlOutcome>;

interface Named {
  /** As its specification spells it. */
  readonly name: string;
  readonly code: number;
}

export type Fsctl = Named &
  (
    | {
        /** On a FileId of all ones: about the server. */
        readonly on: 'server';
        handle(call: SmbCall, request: FsctlRequest): MaybeLater;
      }
    | {
        readonly on: 'file';
        handle(call: SmbCall, request: FsctlRequest, open: FileOpen): MaybeLater;
      }
    | {
        readonly on: 'pipe';
        handle(call: SmbCall, request: FsctlRequest, open: PipeOpen): MaybeLater;
      }
  );

export const NO_OUTPUT: FsctlAnswer = { output: Buffer.alloc(0) };
