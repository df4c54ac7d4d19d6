/** Names the machine and the file system, so that figures can be compared with others at all. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly kernel: string;
  readonly system: string;
  readonly fileSystem: string;
  readonly node: string;
  /** Processes that wanted to run, averaged over the last minute, before the bench began. */
  readonly load: number;
}

export function describeMachine(directory: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    kernel: `Linux ${release()} ${arch()}`,
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(read('/etc/os-release'))?.[1] ?? 'unknown',
    fileSystem: fileSystemOf(directory),
    node: process.versions.node,
    load: Number(loadavg()[0]?.toFixed(2)),
  };
}

/** Type of the mount that holds the directory, with its source: `ext4 on /dev/sda1` (proc_pid_mountinfo(5)). */
function fileSystemOf(directory: string): string {
  let best = { point: '', text: 'unknown' };
  for (const line of read('/proc/self/mountinfo').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const point = (before.split(' ')[4] ?? '').replaceAll('\\040', ' ');
    const [type, source] = after.split(' ');
    const holds =
      directory === point || directory.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (point !== '' && holds && point.length >= best.point.length) {
      best = { point, text: `${type} on ${source}` };
    }
  }
  return best.text;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
