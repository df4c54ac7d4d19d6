/** What registers and those who ask them say on the link's `witness` channel: JSON, rare and small. */
import * as v from 'valibot';
import { err, ok, type Result } from '../result.ts';
import { ConfigurationSchema } from './register.ts';

/** Bytes of one message: a configuration of seven boxes and a sentence, several times over. */
const MESSAGE_SIZE_MAX = 4_096;
const REASON_SIZE_MAX = 1_000;

const Id = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Part of a file name. */
const Group = v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/));
const Reason = v.pipe(v.string(), v.maxLength(REASON_SIZE_MAX));

const AnswerSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('empty') }),
  v.strictObject({ kind: v.literal('accepted'), configuration: ConfigurationSchema }),
  v.strictObject({
    kind: v.literal('refused'),
    configuration: ConfigurationSchema,
    reason: v.optional(Reason),
  }),
  v.strictObject({ kind: v.literal('unreachable'), reason: Reason }),
]);

const MessageSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('read'), id: Id, group: Group }),
  v.strictObject({
    kind: v.literal('propose'),
    id: Id,
    group: Group,
    configuration: ConfigurationSchema,
  }),
  v.strictObject({ kind: v.literal('answer'), id: Id, answer: AnswerSchema }),
  /** What the sender's own register holds, unasked; without configuration if that is empty. */
  v.strictObject({
    kind: v.literal('told'),
    group: Group,
    configuration: v.optional(ConfigurationSchema),
  }),
]);

export type RegisterMessage = v.InferOutput<typeof MessageSchema>;
export type RegisterRequest = Extract<RegisterMessage, { kind: 'read' | 'propose' }>;

export function encodeRegisterMessage(message: RegisterMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** Refuses, saying why, what no `encodeRegisterMessage` wrote. */
export function decodeRegisterMessage(frame: Buffer): Result<RegisterMessage, string> {
  if (frame.length > MESSAGE_SIZE_MAX) {
    return err(`${frame.length} bytes, at most ${MESSAGE_SIZE_MAX}`);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(frame.toString());
  } catch {
    return err('not JSON');
  }
  const message = v.safeParse(MessageSchema, raw);
  return message.success ? ok(message.output) : err(message.issues[0].message);
}
