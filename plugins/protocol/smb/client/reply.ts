/** What a client gets for a request. */

import type { Header } from '../wire/header.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

export interface Reply<Answer> {
  readonly header: Header;
  readonly status: number;
  /** Where the status comes with a body of the command's own. */
  readonly answer: Answer | undefined;
  /** Of an error. */
  readonly errorData: Buffer;
  readonly isSigned: boolean;
  readonly isSealed: boolean;
}

/** A request under way. */
export interface Ticket<Answer> {
  readonly messageId: bigint;
  readonly reply: Promise<Reply<Answer>>;
  /** Resolves with the AsyncId of the interim response; never, where the answer comes at once. */
  readonly interim: Promise<bigint>;
}

/** A command as a client sees it. */
export interface Asked<Args, Answer> {
  readonly name: string;
  readonly code: number;
  encodeRequest(to: SmbWriter, request: Args): void;
  decodeResponse(from: SmbReader): Answer;
}

/** One request of a message. */
export interface Request<Args = unknown, Answer = unknown> {
  readonly command: Asked<Args, Answer>;
  readonly args: Args;
  readonly sessionId?: bigint;
  readonly treeId?: number;
  /** Of the one before it in the same message. */
  readonly isRelated?: boolean;
  /** Beside what is set anyway: SMB2_FLAGS_REPLAY_OPERATION. */
  readonly flags?: number;
  /** Of 3.x. */
  readonly channelSequence?: number;
  readonly credits?: number;
}

/** A request whose types were checked where it was made. */
export const request = <Args, Answer>(
  command: Asked<Args, Answer>,
  args: Args,
  more: Omit<Request, 'command' | 'args'> = {},
): Request => ({ ...more, command, args }) as unknown as Request;
