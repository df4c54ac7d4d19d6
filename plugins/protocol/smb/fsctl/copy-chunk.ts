/** FSCTL_SRV_COPYCHUNK and _WRITE: bytes from one open to another, on this side ([MS-SMB2] §2.2.31.1, §3.3.5.15.6). */
import { write } from '#core/volume/operations/write.ts';
import { FILE_APPEND_DATA, FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA } from '../access.ts';
import type { SmbCall } from '../command.ts';
import type { FileOpen } from '../open.ts';
import {
  ntStatus,
  STATUS_ACCESS_DENIED,
  STATUS_CANCELLED,
  STATUS_FILE_CLOSED,
  STATUS_FILE_LOCK_CONFLICT,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_INVALID_PARAMETER,
  STATUS_INVALID_VIEW_SIZE,
  STATUS_OBJECT_NAME_NOT_FOUND,
  STATUS_SUCCESS,
} from '../status.ts';
import { SmbReader } from '../wire/reader.ts';
import type { Fsctl, FsctlOutcome, FsctlRequest } from './fsctl.ts';
import { openOfKey, RESUME_KEY_SIZE } from './resume-key.ts';

/** Limits that clients are told when they go beyond (§3.3.3): those of Windows. */
export const CHUNKS_MAX = 256;
export const CHUNK_SIZE_MAX = 1024 * 1024;
export const COPY_SIZE_MAX = 16 * 1024 * 1024;

const OUTPUT_SIZE = 12;

interface Chunk {
  readonly source: number;
  readonly target: number;
  readonly size: number;
}

interface Written {
  readonly chunks: number;
  /** Of the chunk that failed; 0 where none did. */
  readonly partial: number;
  readonly total: number;
}

const LIMITS: Written = { chunks: CHUNKS_MAX, partial: CHUNK_SIZE_MAX, total: COPY_SIZE_MAX };
const NOTHING: Written = { chunks: 0, partial: 0, total: 0 };

function copyChunk(name: string, code: number, targetNeeds: number): Fsctl {
  return {
    name,
    code,
    on: 'file',
    handle: (call, request, target) => copy(call, request, target, targetNeeds),
  };
}

export const srvCopyChunk = copyChunk('FSCTL_SRV_COPYCHUNK', 0x0014_40f2, FILE_READ_DATA);
export const srvCopyChunkWrite = copyChunk('FSCTL_SRV_COPYCHUNK_WRITE', 0x0014_80f2, 0);

function copy(
  call: SmbCall,
  { input, outputSizeMax }: FsctlRequest,
  target: FileOpen,
  targetNeeds: number,
): FsctlOutcome | Promise<FsctlOutcome> {
  if (outputSizeMax < OUTPUT_SIZE) return { status: STATUS_INVALID_PARAMETER };
  const from = new SmbReader(input);
  const source = openOfKey(call, from.raw(RESUME_KEY_SIZE));
  const count = from.u32();
  from.skip(4);
  if (source === undefined) return { status: STATUS_OBJECT_NAME_NOT_FOUND };
  if (count > CHUNKS_MAX) return answer(STATUS_INVALID_PARAMETER, LIMITS);
  const chunks = Array.from({ length: count }, () => readChunk(from));
  const total = chunks.reduce((sum, { size }) => sum + size, 0);
  const isOver = chunks.some(({ size }) => size === 0 || size > CHUNK_SIZE_MAX);
  if (isOver || total > COPY_SIZE_MAX) return answer(STATUS_INVALID_PARAMETER, LIMITS);
  if (source.isDirectory || target.isDirectory) return { status: STATUS_INVALID_DEVICE_REQUEST };
  const mayRead = (source.granted & (FILE_READ_DATA | FILE_EXECUTE)) !== 0;
  const mayWrite = (target.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) !== 0;
  const hasMore = (target.granted & targetNeeds) === targetNeeds;
  if (!mayRead || !mayWrite || !hasMore) return { status: STATUS_ACCESS_DENIED };
  return new Copying(call, source, target).run(chunks);
}

function readChunk(from: SmbReader): Chunk {
  const chunk = { source: from.u64Clamped(), target: from.u64Clamped(), size: from.u32() };
  from.skip(4);
  return chunk;
}

function answer(status: number, { chunks, partial, total }: Written): FsctlOutcome {
  const output = Buffer.alloc(OUTPUT_SIZE);
  output.writeUInt32LE(chunks, 0);
  output.writeUInt32LE(partial, 4);
  output.writeUInt32LE(total, 8);
  return { status, response: { output } };
}

/** One chunk after the other, so that no more than one is in memory. */
class Copying {
  readonly #call: SmbCall;
  readonly #source: FileOpen;
  readonly #target: FileOpen;
  #cancelled = false;

  constructor(call: SmbCall, source: FileOpen, target: FileOpen) {
    this.#call = call;
    this.#source = source;
    this.#target = target;
  }

  async run(chunks: readonly Chunk[]): Promise<FsctlOutcome> {
    const { opens } = this.#call.scene;
    const { record } = this.#target.volume;
    const ref = { volume: record.id, file: this.#target.content };
    await new Promise<void>((resolve) => {
      const wait = opens.breakFor(ref, 'write', this.#target.held);
      if (wait === undefined) resolve();
      else wait.resume(resolve);
    });
    let done = NOTHING;
    for (const chunk of chunks) {
      const status = await this.#copyOne(chunk);
      if (status !== STATUS_SUCCESS) return answer(status, done);
      done = { chunks: done.chunks + 1, partial: 0, total: done.total + chunk.size };
    }
    return answer(STATUS_SUCCESS, done);
  }

  cancel(): void {
    this.#cancelled = true;
  }

  async #copyOne({ source: from, target: to, size }: Chunk): Promise<number> {
    const { opens } = this.#call.scene;
    const [source, target] = [this.#source, this.#target];
    if (this.#cancelled) return STATUS_CANCELLED;
    if (source.isClosed || target.isClosed) return STATUS_FILE_CLOSED;
    const inode = source.volume.tree.inode(source.content);
    if (inode === undefined) return STATUS_FILE_CLOSED;
    if (from + size > inode.size) return STATUS_INVALID_VIEW_SIZE;
    const sourceRef = { volume: source.volume.record.id, file: source.content };
    const targetRef = { volume: target.volume.record.id, file: target.content };
    if (!opens.mayRead(sourceRef, source.held, from, size)) return STATUS_FILE_LOCK_CONFLICT;
    const data = Buffer.allocUnsafe(size);
    const got = source.volume.read(source.content, from, data);
    const count = typeof got === 'number' ? got : await got;
    if (target.isClosed) return STATUS_FILE_CLOSED;
    if (!opens.mayWrite(targetRef, target.held, to, count)) return STATUS_FILE_LOCK_CONFLICT;
    const args = { file: target.content, offset: to, size: count, granted: true };
    const put = this.#call.transact((transaction) =>
      transaction.change(write, target.volume, this.#call.caller, args, {
        data: data.subarray(0, count),
        stable: false,
      }),
    );
    if (!put.ok) return ntStatus[put.error];
    return put.value.size === size ? STATUS_SUCCESS : ntStatus['no-space'];
  }
}
