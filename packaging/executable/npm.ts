/** npm, asked for what only it knows: packages of another architecture, and the list of all packages. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Architecture, nativesOf, nodeOf } from './targets.ts';

/** Bytes of an answer of npm: the list of packages has some 200 KB. */
const ANSWER_SIZE_MAX = 64 * 1024 * 1024;

/**
 * `node_modules` that holds the parts of an architecture. This machine's are there; another's are installed once, by
 * the versions and checksums of the same lock file, into a cache that goes with `node_modules`.
 */
export function modulesOf(root: string, architecture: Architecture): string {
  const own = join(root, 'node_modules');
  if (isComplete(own, architecture)) return own;
  const folder = join(own, '.cache/understudy', `linux-${architecture}`);
  const modules = join(folder, 'node_modules');
  if (isComplete(modules, architecture) && isSame(root, folder)) return modules;
  const fresh = `${folder}.new`;
  for (const old of [folder, fresh]) rmSync(old, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  for (const file of LISTS) copyFileSync(join(root, file), join(fresh, file));
  const platform = ['--os=linux', `--cpu=${architecture}`, '--libc=glibc'];
  npm(fresh, 'install', '--no-save', '--omit=dev', '--ignore-scripts', ...platform);
  if (!isComplete(join(fresh, 'node_modules'), architecture)) {
    throw new Error(`packages of linux-${architecture}: npm has not installed all of them`);
  }
  renameSync(fresh, folder);
  return modules;
}

/** The packages of the lock file as CycloneDX, in npm's words. */
export function listPackages(root: string): unknown {
  return JSON.parse(npm(root, 'sbom', '--package-lock-only', '--sbom-format=cyclonedx'));
}

const LISTS = ['package.json', 'package-lock.json'] as const;

function isComplete(modules: string, architecture: Architecture): boolean {
  const files = [nodeOf(modules, architecture), ...Object.values(nativesOf(modules, architecture))];
  return files.every((file) => existsSync(file));
}

/** Whether the cache was filled by these very lists. */
function isSame(root: string, folder: string): boolean {
  return LISTS.every((file) =>
    readFileSync(join(root, file)).equals(readFileSync(join(folder, file))),
  );
}

function npm(cwd: string, ...args: readonly string[]): string {
  try {
    return execFileSync('npm', args, {
      cwd,
      encoding: 'utf8',
      maxBuffer: ANSWER_SIZE_MAX,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (cause) {
    const { stderr, message } = cause as Error & { readonly stderr?: string };
    const reason = (stderr ?? message).trim().split('\n')[0];
    throw new Error(`npm ${args[0]}: ${reason}`, { cause });
  }
}
