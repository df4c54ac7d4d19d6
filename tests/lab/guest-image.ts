/**
 * A small Linux for tests: Debian's kernel with its NFS and SMB clients, and busybox. Packages are downloaded and unpacked, never
 * installed; what comes of it is kept beside the other caches, and is made anew for another kernel.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/understudy/guest');
const KERNEL = 'linux-image-cloud-amd64';
/** Where the modules are that a network card, NFS and SMB need, below `kernel/`; some kernels have some elsewhere. */
const MODULES = [
  'fs/nfs',
  'fs/nfs_common',
  'fs/lockd',
  'fs/fscache',
  'fs/netfs',
  'net/sunrpc',
  'net/core',
  'drivers/net/virtio_net.ko',
  'drivers/net/net_failover.ko',
  'drivers/virtio',
  'fs/smb',
  'fs/cifs',
  'fs/smbfs_common',
  'fs/nls',
  'net/dns_resolver',
  'crypto',
  'arch/x86/crypto',
  'lib/crypto',
  'lib/asn1_decoder.ko',
  'lib/oid_registry.ko',
];
/** Where there is no network, it is to say so soon. */
const APT = [
  '-q',
  '-o',
  'APT::Sandbox::User=root',
  '-o',
  'Acquire::Retries=1',
  '-o',
  'Acquire::http::Timeout=20',
];
const FOLDERS = ['bin', 'sbin', 'dev', 'proc', 'sys', 'tmp', 'etc', 'm', 'lib/modules'];

/** What runs first: brings up the network and runs the script that the test has added. */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
for module in virtio_pci virtio_net nfsv3 cifs; do modprobe $module; done
ip link set lo up
ip link set eth0 up
for word in $(cat /proc/cmdline); do
  case $word in address=*) ip address add \${word#address=} dev eth0 ;; esac
done
sh /script
echo "@exit $?"
poweroff -f
`;

export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
}

/** Why there can be none here, or `undefined`. */
export function guestLack(): string | undefined {
  for (const tool of ['qemu-system-x86_64', 'apt-get', 'dpkg-deb', 'cpio']) {
    if (!['/usr/bin', '/bin'].some((place) => existsSync(join(place, tool))))
      return `needs ${tool}`;
  }
  return process.arch === 'x64' ? undefined : 'needs an x64 machine';
}

/** Throws where the packages cannot be had. */
export function guestImage(): GuestImage {
  const depends = text('apt-cache', ['depends', KERNEL]);
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error(`${KERNEL}: not known to apt; run apt-get update`);
  // One that was made another way is another one.
  const way = createHash('sha256')
    .update(JSON.stringify([MODULES, INIT, FOLDERS]))
    .digest('hex');
  const folder = join(CACHE, `${name}-${way.slice(0, 8)}`);
  const image = { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') };
  if (!existsSync(image.initrd)) build(name, folder, image);
  return image;
}

/** A cpio archive of everything in a folder, as the kernel unpacks it. */
export function archive(folder: string): Buffer {
  const list = readdirSync(folder, { recursive: true, encoding: 'utf8' }).join('\n');
  return execFileSync('cpio', ['-o', '-H', 'newc', '--quiet', '-R', '0:0'], {
    cwd: folder,
    input: `${list}\n`,
    maxBuffer: 1 << 30,
  });
}

function build(kernel: string, folder: string, image: GuestImage): void {
  const work = `${folder}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  const [unpacked, root] = [join(work, 'unpacked'), join(work, 'root')];
  mkdirSync(unpacked, { recursive: true });
  const options = [...APT, 'download', kernel, 'busybox-static'];
  execFileSync('apt-get', options, { cwd: work, stdio: ['ignore', 'ignore', 'pipe'] });
  for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
    execFileSync('dpkg-deb', ['-x', join(work, file), unpacked]);
  }
  for (const name of FOLDERS) mkdirSync(join(root, name), { recursive: true });
  const lib = ['lib/modules', 'usr/lib/modules']
    .map((path) => join(unpacked, path))
    .find(existsSync);
  if (lib === undefined) throw new Error(`${kernel}: no modules in the package`);
  const [version = ''] = readdirSync(lib);
  for (const path of MODULES) {
    const from = join(lib, version, 'kernel', path);
    const to = join(root, 'lib/modules', version, 'kernel', path);
    if (existsSync(from)) cpSync(from, to, { recursive: true });
  }
  for (const name of ['modules.builtin', 'modules.order']) {
    cpSync(join(lib, version, name), join(root, 'lib/modules', version, name));
  }
  const busybox = join(root, 'bin/busybox');
  cpSync(join(unpacked, 'bin/busybox'), busybox);
  execFileSync(busybox, ['depmod', '-b', root, version]);
  symlinkSync('/bin/busybox', join(root, 'bin/sh'));
  symlinkSync('/bin/busybox', join(root, 'sbin/modprobe'));
  writeFileSync(join(root, 'init'), INIT);
  chmodSync(join(root, 'init'), 0o755);
  const boot = join(unpacked, 'boot');
  const vmlinuz = readdirSync(boot).find((name) => name.startsWith('vmlinuz')) ?? '';
  mkdirSync(folder, { recursive: true });
  cpSync(join(boot, vmlinuz), image.kernel);
  writeFileSync(`${image.initrd}.new`, archive(root));
  renameSync(`${image.initrd}.new`, image.initrd);
  rmSync(work, { recursive: true, force: true });
}

function text(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' });
}
