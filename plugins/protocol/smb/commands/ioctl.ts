/** IOCTL: file-system controls, which are in fsctl/ ([MS-SMB2] §2.2.31, §2.2.32, §3.3.5.15). */
import { inSequence } from '../channel-sequence.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import type { Fsctl, FsctlAnswer, FsctlOutcome } from '../fsctl/fsctl.ts';
import { FSCTLS } from '../fsctl/fsctls.ts';
import type { FileHandle } from '../open.ts';
import {
  STATUS_FILE_CLOSED,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
} from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';

export const SMB2_0_IOCTL_IS_FSCTL = 0x1;

const INPUT_OFFSET = 120;
const OUTPUT_OFFSET = 112;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
export const NO_FILE: FileHandle = { persistent: ALL_ONES, volatile: ALL_ONES };

export interface IoctlRequest {
  readonly code: number;
  readonly id: FileHandle;
  /** A view. */
  readonly input: Buffer;
  readonly inputSizeMax: number;
  readonly outputSizeMax: number;
  readonly flags: number;
}

export interface IoctlResponse {
  readonly code: number;
  readonly id: FileHandle;
  readonly output: Buffer;
}

type MaybeLater<Value> = Value | Promise<Value>;

export const ioctl: Command<IoctlRequest, IoctlResponse> = {
  name: 'IOCTL',
  code: 0x000b,
  needs: 'tree',

  decode(from) {
    from.structureSize(57);
    from.skip(2);
    const code = from.u32();
    const id = readFileId(from);
    const inputOffset = from.u32();
    const inputSize = from.u32();
    const inputSizeMax = from.u32();
    from.skip(8);
    const outputSizeMax = from.u32();
    const flags = from.u32();
    from.skip(4);
    const input = from.at(inputOffset, inputSize, 'IOCTL input');
    return { code, id, input, inputSizeMax, outputSizeMax, flags };
  },

  handle(call, request) {
    const { maxTransactSize } = call.connection;
    const isTooLarge =
      request.input.length > maxTransactSize ||
      request.inputSizeMax > maxTransactSize ||
      request.outputSizeMax > maxTransactSize;
    if (isTooLarge) return { status: STATUS_INVALID_PARAMETER };
    if (request.flags !== SMB2_0_IOCTL_IS_FSCTL) return { status: STATUS_NOT_SUPPORTED };
    const outcome = control(call, FSCTLS.get(request.code), request);
    const finish = (done: FsctlOutcome): Outcome<IoctlResponse> => finished(request, done);
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
  },

  encode(to, { code, id, output }) {
    to.u16(49);
    to.u16(0);
    to.u32(code);
    writeFileId(to, id);
    to.u32(OUTPUT_OFFSET);
    to.u32(0);
    to.u32(OUTPUT_OFFSET);
    to.u32(output.length);
    to.u32(0);
    to.u32(0);
    to.raw(output);
    if (output.length === 0) to.u8(0);
  },

  encodeRequest(to, { code, id, input, inputSizeMax, outputSizeMax, flags }) {
    to.u16(57);
    to.u16(0);
    to.u32(code);
    writeFileId(to, id);
    to.u32(INPUT_OFFSET);
    to.u32(input.length);
    to.u32(inputSizeMax);
    to.u32(INPUT_OFFSET);
    to.u32(0);
    to.u32(outputSizeMax);
    to.u32(flags);
    to.u32(0);
    if (input.length === 0) to.u8(0);
    else to.raw(input);
  },

  decodeResponse(from) {
    from.structureSize(49);
    from.skip(2);
    const code = from.u32();
    const id = readFileId(from);
    from.skip(8);
    const offset = from.u32();
    const size = from.u32();
    return { code, id, output: Buffer.from(from.at(offset, size, 'IOCTL output')) };
  },
};

function control(
  call: SmbCall,
  fsctl: Fsctl | undefined,
  request: IoctlRequest,
): MaybeLater<FsctlOutcome> {
  if (fsctl?.on === 'server') {
    const { persistent, volatile } = request.id;
    const isServer = persistent === ALL_ONES && volatile === ALL_ONES;
    return isServer ? fsctl.handle(call, request) : { status: STATUS_INVALID_PARAMETER };
  }
  const open = call.open(request.id);
  if (open === undefined) return { status: STATUS_FILE_CLOSED };
  if (fsctl?.on === 'file' && open.kind === 'file') {
    return inSequence(call, open, () => fsctl.handle(call, request, open));
  }
  if (fsctl?.on === 'pipe' && open.kind === 'pipe') return fsctl.handle(call, request, open);
  return { status: fsctl?.on === 'pipe' ? STATUS_NOT_SUPPORTED : STATUS_INVALID_DEVICE_REQUEST };
}

function finished({ code, id }: IoctlRequest, done: FsctlOutcome): Outcome<IoctlResponse> {
  const answer: FsctlAnswer | undefined = done.response;
  if (answer === undefined) return done as Outcome<IoctlResponse>;
  return { status: done.status, response: { code, id, output: answer.output } };
}
