/** What a procedure of an ONC RPC program is, and how procedures make a program. */

import type { Wait } from '#core/opens/types.ts';
import type { Reader } from '#core/wire/reader.ts';
import type { Writer } from '#core/wire/writer.ts';
import type { Call, Scene } from '../call.ts';

/**
 * One procedure, in one file: the server reads the arguments, does it and writes the results; a client does the
 * first and the last the other way round. `Answer` is what a client reads out of what was written of `Res`.
 */
export interface Procedure<Args, Res, Answer> {
  /** As the RFC spells it. */
  readonly name: string;
  readonly number: number;
  /** Runs in a transaction, and a retransmission gets the first reply instead of running again (RFC 1813 §4.5). */
  readonly changes: boolean;
  /** Bytes of the results at most; where it is missing, `RESULTS_SIZE_MAX`. */
  resultsSizeMax?(args: Args): number;
  decode(from: Reader): Args;
  /**
   * Asked before the call is run, while anybody has a file open: what it must wait for. The call is held and asked again
   * then; nothing was done.
   */
  awaits?(scene: Scene, args: Args): Wait | undefined;
  /** Synchronous wherever the answer is in memory. Views in `args` are valid until the call was answered. */
  handle(call: Call, args: Args): Res | Promise<Res>;
  encode(to: Writer, res: Res): void;
  encodeArgs(to: Writer, args: Args): void;
  decodeRes(from: Reader): Answer;
}

export type AnyProcedure = Procedure<unknown, unknown, unknown>;

/** Bytes of results where a procedure does not say otherwise: RENAME's two wcc_data are the longest of the fixed ones. */
export const RESULTS_SIZE_MAX = 1024;

/** One version of a program: its procedures by number, with gaps where there are none. */
export interface ProgramVersion {
  readonly version: number;
  readonly procedures: readonly (AnyProcedure | undefined)[];
}

export interface Program {
  readonly name: string;
  readonly number: number;
  readonly versions: readonly ProgramVersion[];
}

/** Puts procedures in their places. */
export function programVersion(
  version: number,
  procedures: readonly AnyProcedure[],
): ProgramVersion {
  const table: (AnyProcedure | undefined)[] = [];
  for (const procedure of procedures) table[procedure.number] = procedure;
  return { version, procedures: Array.from(table) };
}

/** Procedure 0 of every program: does nothing and says that the server is there. */
export const nullProcedure: Procedure<undefined, undefined, undefined> = {
  name: 'NULL',
  number: 0,
  changes: false,
  decode: () => undefined,
  handle: () => undefined,
  encode: () => {},
  encodeArgs: () => {},
  decodeRes: () => undefined,
};
