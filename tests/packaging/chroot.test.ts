/** The executable where there is next to nothing: a few libraries, and a root that cannot be written to. */
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import * as assert from 'uvu/assert';
import { configure, freePorts, inFolder } from '../integration/lone-box.ts';
import { installed, type Outcome, outcomeOf } from '../integration/run-command.ts';
import { suite } from '../support/suite.ts';
import { build } from './built.ts';

const test = suite('packaging/chroot', { secondsMax: 120 });

/** Milliseconds for a tour, demo included. */
const RUN_MS_MAX = 60_000;
/** Version, doctor, a box that is asked and ended; `$1` is where it may write. What fails ends the script. */
const TOUR = `set -e
understudy --version
understudy doctor --dir "$1"
understudy serve --dir "$1" 2>"$1/said" & box=$!
trap 'busybox cat "$1/said" "$1/waiting" >&2' EXIT
tries=0
until understudy status --dir "$1" 2>"$1/waiting"; do
  tries=$((tries + 1)); [ $tries -lt 50 ]; busybox sleep 0.2
done
understudy volume create files --backend box=memory --dir "$1"
kill $box; wait $box
`;
const DEMO = `${TOUR}understudy demo --once --dir "$1/demo" --address 127.0.20.130\n`;
/** Mounts of its own, which end with it. */
const ENTER = `set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
[ "$2" = writable ] || { mount --bind "$1/state" "$1/state"; mount -o remount,bind,ro "$1"; }
exec chroot "$1" /bin/busybox sh /tour /state
`;

const lack = lacking();
if (lack !== undefined) {
  test.skip('a chroot with a few libraries', lack);
} else {
  test('nothing but libc, libstdc++, libgcc_s and busybox: everything works, the demo as well', () =>
    inRoot(DEMO, async (root) => {
      const { code, out, err } = await enter(root, 'writable');
      assert.is(code, 0, out + err);
      assert.match(out, /^box +127\.0\.0\.1 +primary +in sync, serving/m);
      assert.match(out, /^Everything held\.$/m);
    }));

  test('a root that is read-only but for the state directory', () =>
    inRoot(TOUR, async (root) => {
      const { code, out, err } = await enter(root, 'read-only');
      assert.is(code, 0, out + err);
      assert.match(out, /^volume files created$/m);
    }));
}

function lacking(): string | undefined {
  for (const program of ['busybox', 'unshare', 'chroot', 'ldd']) {
    if (installed(program) === undefined) return `${program} is not installed`;
  }
  try {
    execFileSync('ldd', [installed('busybox') ?? ''], { stdio: 'ignore' });
    return 'busybox here needs libraries; install busybox-static';
  } catch {
    // Not a dynamic executable: as it must be.
  }
  try {
    execFileSync('unshare', ['--mount', 'mount', '--make-rprivate', '/'], { stdio: 'ignore' });
  } catch {
    return 'mounts of its own need root';
  }
  return undefined;
}

async function inRoot(tour: string, work: (root: string) => Promise<void>): Promise<void> {
  const { executable } = await build();
  await inFolder(async (root) => {
    for (const folder of ['bin', 'dev', 'proc', 'state', 'lib', 'lib64'])
      mkdirSync(join(root, folder));
    copyFileSync(installed('busybox') ?? '', join(root, 'bin/busybox'));
    copyFileSync(executable, join(root, 'bin/understudy'));
    copyLibraries(executable, root);
    // What every kernel has and every chroot is given.
    execFileSync('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3']);
    writeFileSync(join(root, 'tour'), tour);
    configure(join(root, 'state'), 'box', await freePorts());
    await work(root);
  });
}

/** The files that `ldd` names, with their names, where the loader looks. */
function copyLibraries(executable: string, root: string): void {
  const lines = execFileSync('ldd', [executable], { encoding: 'utf8' }).split('\n');
  for (const line of lines) {
    const [, path] = /(\/[^ ]+) \(0x/.exec(line) ?? [];
    if (path === undefined) continue;
    const isLoader = /\/ld-linux[^/]*$/.test(path);
    const place = isLoader ? path : `/lib/${basename(path)}`;
    if (!existsSync(join(root, place))) copyFileSync(realpathSync(path), join(root, place));
  }
  mkdirSync(join(root, 'usr'));
  symlinkSync('../lib', join(root, 'usr/lib'));
}

function enter(root: string, kind: 'writable' | 'read-only'): Promise<Outcome> {
  const clean = ['env', '-i', 'PATH=/bin:/sbin:/usr/bin:/usr/sbin', 'UNDERSTUDY_DIR=/state'];
  const own = ['--mount', '--pid', '--fork', '--kill-child'];
  const args = [...own, ...clean, 'sh', '-c', ENTER, 'sh', root, kind];
  return outcomeOf(spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] }), RUN_MS_MAX);
}
