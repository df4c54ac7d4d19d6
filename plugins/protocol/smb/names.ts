/**
 * Names as CREATE and SET_INFO carry them ([MS-FSCC] §2.1.5): split at backslashes, stream syntax taken off, what may
 * not stand in a name refused.
 *
 * Liberty taken: what NFS clients may put into names and SMB may not say is shown as the private-use characters that macOS
 * and Linux clients map it to (U+F001 to U+F07F for U+0001 to U+007F), and those are stored as what they stand for.
 */
import { err, ok, type Result } from '#core/result.ts';
import { type Name, nameOfText, textOfName } from '#core/vfs/name.ts';
import {
  STATUS_INVALID_PARAMETER,
  STATUS_OBJECT_NAME_INVALID,
  STATUS_OBJECT_PATH_SYNTAX_BAD,
} from './status.ts';

/** UTF-16 units of one component ([MS-FSCC] §2.1.5). */
const COMPONENT_LENGTH_MAX = 255;
/** Components of a path: a path of 64 KiB has 32,768 of them; nobody nests so deep. */
const COMPONENTS_MAX = 1024;

export interface StreamName {
  /** Without colons and type; empty for the unnamed stream. */
  readonly name: string;
  /** `$INDEX_ALLOCATION` was said: only a folder will do. */
  readonly isIndex: boolean;
}

export interface SmbPath {
  /** Empty for the share's root. */
  readonly components: readonly Name[];
  /** Absent where the path has no colon. */
  readonly stream: StreamName | undefined;
  /** Ended with a backslash: only a folder will do ([MS-FSA] §2.1.5.1). */
  readonly endsWithBackslash: boolean;
}

/** A refusal is an NTSTATUS. */
export function parsePath(text: string): Result<SmbPath, number> {
  if (text === '') return ok({ components: [], stream: undefined, endsWithBackslash: false });
  if (text.startsWith('\\')) return err(STATUS_INVALID_PARAMETER);
  const endsWithBackslash = text.endsWith('\\');
  // No name has a slash, so one between names can only mean the same.
  const parts = (endsWithBackslash ? text.slice(0, -1) : text).split(/[\\/]/);
  if (parts.length > COMPONENTS_MAX) return err(STATUS_OBJECT_NAME_INVALID);
  const stream = takeStream(parts);
  if (!stream.ok) return stream;
  const components: Name[] = [];
  for (const part of parts) {
    // Some clients leave it to the server; out of the share leads no way.
    if (part === '..' && components.pop() !== undefined) continue;
    const refusal = refuseComponent(part);
    if (refusal !== undefined) return err(refusal);
    components.push(smbName(part));
  }
  return ok({ components, stream: stream.value, endsWithBackslash });
}

/** A single new name, for rename and link; a refusal is an NTSTATUS. */
export function parseName(text: string): Result<Name, number> {
  const refusal = refuseComponent(text);
  return refusal === undefined ? ok(smbName(text)) : err(refusal);
}

/** `:name`, `:name:$DATA`, or without the first colon; a refusal is an NTSTATUS. */
export function parseStream(text: string): Result<StreamName, number> {
  const [name = '', type, ...more] = text.split(':');
  if (more.length > 0 || name.length > COMPONENT_LENGTH_MAX) return err(STATUS_OBJECT_NAME_INVALID);
  if (/[/\\\0]/.test(name)) return err(STATUS_OBJECT_NAME_INVALID);
  if (type === undefined) {
    return name === '' ? err(STATUS_OBJECT_NAME_INVALID) : ok({ name, isIndex: false });
  }
  const kind = type.toUpperCase();
  if (kind === '$DATA') return ok({ name, isIndex: false });
  const isIndex = kind === '$INDEX_ALLOCATION' && (name === '' || name.toUpperCase() === '$I30');
  return isIndex ? ok({ name: '', isIndex }) : err(STATUS_OBJECT_NAME_INVALID);
}

/** Takes the stream off the last part, if it names one. A path may be nothing but a stream: that of the share's root. */
function takeStream(parts: string[]): Result<StreamName | undefined, number> {
  const last = parts[parts.length - 1] as string;
  const colon = last.indexOf(':');
  if (colon < 0) return ok(undefined);
  const stream = parseStream(last.slice(colon + 1));
  if (!stream.ok) return stream;
  parts.pop();
  if (colon > 0) parts.push(last.slice(0, colon));
  else if (parts.length > 0) return err(STATUS_OBJECT_NAME_INVALID);
  return ok(stream.value);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what may not stand in a name
const RESERVED = /[\u0000-\u001f"*/:<>?|\\]/;

function refuseComponent(part: string): number | undefined {
  if (part === '' || part.length > COMPONENT_LENGTH_MAX) return STATUS_OBJECT_NAME_INVALID;
  if (part === '..') return STATUS_OBJECT_PATH_SYNTAX_BAD;
  if (part === '.' || RESERVED.test(part)) return STATUS_OBJECT_NAME_INVALID;
  return undefined;
}

const PRIVATE = /[\uf001-\uf07f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what may not stand in a name
const HIDDEN = /[\u0001-\u001f"*:<>?|\\]/g;
const PRIVATE_BASE = 0xf000;

/** The name that a client's text stands for. */
export function smbName(text: string): Name {
  if (!PRIVATE.test(text)) return nameOfText(text);
  PRIVATE.lastIndex = 0;
  return nameOfText(
    text.replaceAll(PRIVATE, (character) => {
      const plain = String.fromCharCode(character.charCodeAt(0) - PRIVATE_BASE);
      return plain !== '/' && RESERVED.test(plain) ? plain : character;
    }),
  );
}

/** A name as clients of SMB see it. */
export function smbText(name: Name): string {
  const text = textOfName(name);
  return text.replaceAll(HIDDEN, (character) =>
    String.fromCharCode(character.charCodeAt(0) + PRIVATE_BASE),
  );
}
