/** The Debian package: the executable, its units, its licences. Built by dpkg-deb, the same bytes each time. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Architecture } from '../executable/targets.ts';
import { RELEASED, VERSION } from '../version.ts';

const NAMES: Readonly<Record<Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };
/** Of what is in the executable, the native store asks most: it was built with glibc 2.34. */
const DEPENDS = 'libc6 (>= 2.34), libstdc++6, libgcc-s1';
const UNITS = ['understudy.service', 'understudy-witness.service'];
const SCRIPTS = ['postinst', 'prerm', 'postrm'];
const HERE = import.meta.dirname;

export interface DebOptions {
  readonly architecture: Architecture;
  readonly executable: string;
  /** The texts of all licences. */
  readonly licences: string;
  /** Folder for the package. */
  readonly folder: string;
}

export function debName(architecture: Architecture): string {
  return `understudy_${VERSION}_${NAMES[architecture]}.deb`;
}

/** @returns The file made. Throws a sentence where dpkg-deb is not installed. */
export function makeDeb({ architecture, executable, licences, folder }: DebOptions): string {
  const root = mkdtempSync(join(tmpdir(), 'understudy-deb-'));
  try {
    chmodSync(root, 0o755);
    place(executable, join(root, 'usr/bin/understudy'), 0o755);
    for (const unit of UNITS) place(join(HERE, unit), join(root, 'lib/systemd/system', unit));
    place(licences, join(root, 'usr/share/doc/understudy/copyright'));
    for (const script of SCRIPTS) place(join(HERE, script), join(root, 'DEBIAN', script), 0o755);
    const control = join(root, 'DEBIAN/control');
    writeFileSync(control, controlFile(architecture, installedSize(root)), { mode: 0o644 });
    const seconds = Date.parse(RELEASED) / 1000;
    settle(root, seconds);
    const output = join(folder, debName(architecture));
    run(seconds, '--root-owner-group', '-Zzstd', '--build', root, output);
    return output;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function place(from: string, to: string, mode = 0o644): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

function controlFile(architecture: Architecture, size: number): string {
  return `Package: understudy
Version: ${VERSION}
Architecture: ${NAMES[architecture]}
Maintainer: Understudy maintainers <maintainers@understudy.invalid>
Installed-Size: ${size}
Depends: ${DEPENDS}
Section: net
Priority: optional
Description: High-availability NAS of two unlike boxes
 Two boxes that need have nothing in common (disks, file system, CPU) act as one
 NFS server. When the box that serves falls, the other steps in: same address, same
 file handles, nothing acknowledged is lost and nothing runs twice.
`;
}

/** In KiB, as Debian counts. */
function installedSize(root: string): number {
  return Math.ceil(filesBelow(root).reduce((sum, file) => sum + statSync(file).size, 0) / 1024);
}

/** Times and modes of folders are not ours but the build machine's. */
function settle(root: string, seconds: number): void {
  for (const path of filesBelow(root, true)) {
    if (statSync(path).isDirectory()) chmodSync(path, 0o755);
    lutimesSync(path, seconds, seconds);
  }
}

function filesBelow(root: string, withFolders = false): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => withFolders || entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function run(seconds: number, ...args: readonly string[]): void {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(seconds) };
  try {
    execFileSync('dpkg-deb', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (cause) {
    const { code, stderr, message } = cause as NodeJS.ErrnoException & { readonly stderr?: Buffer };
    const reason = code === 'ENOENT' ? 'is not installed' : String(stderr ?? message).trim();
    throw new Error(`dpkg-deb: ${reason}`, { cause });
  }
}
