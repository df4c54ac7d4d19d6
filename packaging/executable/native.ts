/**
 * Loads the native parts that lie inside the executable.
 *
 * The system's loader wants a file, and the executable must leave none behind: the part is written to a file without a
 * name and loaded through /proc. Where that can be depends on the machine (a folder may be read-only, or mounted noexec, which
 * only the loading itself shows), so places are tried in turn.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { getRawAsset } from 'node:sea';

/** `O_TMPFILE` of Linux. Node.js does not name it, and half of it is another number on each architecture. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Descriptors of what is loaded: a number that was used again would name another file to the loader. */
const kept: number[] = [];

/** @returns What the part exports. Throws one sentence when no place on this machine takes it. */
export function loadNative(name: string): unknown {
  const bytes = new Uint8Array(getRawAsset(name) as ArrayBuffer);
  const refusals: string[] = [];
  for (const folder of places(process.argv, process.env)) {
    try {
      return loadFrom(folder, bytes);
    } catch (error) {
      refusals.push(`${folder}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new Error(
    `${name}: cannot be loaded; one of these folders must be writable and not mounted noexec, or set TMPDIR to one that is (${refusals.join('; ')})`,
  );
}

function loadFrom(folder: string, bytes: Uint8Array): unknown {
  const fd = openSync(folder, O_TMPFILE | constants.O_RDWR, 0o700);
  try {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
    const module = { exports: {} };
    process.dlopen(module, `/proc/self/fd/${fd}`);
    kept.push(fd);
    return module.exports;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Memory before disks, and last the state directory, which is all that a box on a read-only root may write to. This runs
 * before the command line is understood, so it only looks for what could name that.
 */
export function places(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const at = argv.indexOf('--dir');
  const named = argv.find((word) => word.startsWith('--dir='))?.slice('--dir='.length);
  const state = [named, at < 0 ? undefined : argv[at + 1], environment['UNDERSTUDY_DIR']];
  const all = ['/dev/shm', '/run', tmpdir(), '/tmp', ...state, '/var/lib/understudy', '/'];
  return [...new Set(all.filter((folder) => folder !== undefined && folder !== ''))] as string[];
}
