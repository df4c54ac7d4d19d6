/**
 * Where request bodies say how much they carry and how much they ask for, and which open they mean: what must be known of
 * a request before its command looks at it ([MS-SMB2] §3.3.5.2.5, §3.3.5.2.7.2). Offsets count from StructureSize.
 */

interface Fields {
  /** 32-bit lengths whose sum the client sends. */
  readonly sends?: readonly number[];
  /** 32-bit lengths whose sum it is ready to be sent. */
  readonly asks?: readonly number[];
  /** SMB2_FILEID. */
  readonly fileId?: number;
}

const FIELDS: Readonly<Record<number, Fields>> = {
  /** CLOSE */ 6: { fileId: 8 },
  /** FLUSH */ 7: { fileId: 8 },
  /** READ */ 8: { asks: [4], fileId: 16 },
  /** WRITE */ 9: { sends: [4], fileId: 16 },
  /** LOCK */ 10: { fileId: 8 },
  /** IOCTL */ 11: { sends: [28, 40], asks: [32, 44], fileId: 8 },
  /** QUERY_DIRECTORY */ 14: { asks: [28], fileId: 8 },
  /** CHANGE_NOTIFY */ 15: { asks: [4], fileId: 8 },
  /** QUERY_INFO */ 16: { sends: [12], asks: [4], fileId: 24 },
  /** SET_INFO */ 17: { sends: [4], fileId: 16 },
};

/** Bytes that one credit pays for. */
const CREDIT_SIZE = 65_536;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** Bytes that the answer may have beside its header. */
export function answerSize(command: number, body: Buffer): number {
  return sumOf(FIELDS[command]?.asks, body);
}

/** The credits that a request of this size costs. */
export function chargeOf(command: number, body: Buffer): number {
  const sends = sumOf(FIELDS[command]?.sends, body);
  const size = Math.max(sends, answerSize(command, body), 1);
  return Math.floor((size - 1) / CREDIT_SIZE) + 1;
}

/** Whether the request means the open of the one before it. */
export function meansLastOpen(command: number, body: Buffer): boolean {
  const at = FIELDS[command]?.fileId;
  if (at === undefined || body.length < at + 16) return false;
  return body.readBigUInt64LE(at) === ALL_ONES && body.readBigUInt64LE(at + 8) === ALL_ONES;
}

function sumOf(offsets: readonly number[] | undefined, body: Buffer): number {
  let sum = 0;
  for (const at of offsets ?? []) if (body.length >= at + 4) sum += body.readUInt32LE(at);
  return sum;
}
