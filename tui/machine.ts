/** Facts about this machine, as `understudy doctor` judges them. Gathers; decides nothing. */
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';

/** Bits of `CapEff` in /proc/self/status (capabilities(7)). */
export const CAPABILITY = { readSearch: 2, bindService: 10, netAdmin: 12, netRaw: 13 } as const;

export interface PortFact {
  readonly port: number;
  readonly use: string;
  /** `free`, or the code of the error that listening there gave. */
  readonly state: string;
}

export interface Facts {
  readonly platform: string;
  readonly architecture: string;
  /** `24.21.0`. */
  readonly nodeVersion: string;
  readonly directory: string;
  readonly directoryExists: boolean;
  /** The directory, or the nearest folder above it that is there, can be written to. */
  readonly directoryWritable: boolean;
  /** Bytes free for the directory's file system; `undefined` where that cannot be told. */
  readonly sizeFree: number | undefined;
  readonly capabilities: bigint;
  readonly ports: readonly PortFact[];
  /** Of the wall clock, seconds since 1970. */
  readonly seconds: number;
  /** When something was last changed in the directory, seconds since 1970; 0 where nothing was. */
  readonly directorySeconds: number;
  /** Tools for looking from the client's side that are there. */
  readonly tools: readonly string[];
}

export const TOOLS = ['nfs-ls', 'mount.nfs', 'showmount', 'rpcinfo'] as const;

const PORTS: readonly { readonly port: number; readonly use: string }[] = [
  { port: 2049, use: 'NFS' },
  { port: 111, use: 'portmap' },
];

export async function gatherFacts(
  directory: string,
  seconds: number,
  searchPath: string,
): Promise<Facts> {
  const present = nearestPresent(directory);
  return {
    platform: process.platform,
    architecture: process.arch,
    nodeVersion: process.versions.node,
    directory,
    directoryExists: present === directory,
    directoryWritable: isWritable(present),
    sizeFree: sizeFree(present),
    capabilities: capabilities(),
    ports: await Promise.all(
      PORTS.map(async ({ port, use }) => ({ port, use, state: await portState(port) })),
    ),
    seconds,
    directorySeconds: present === directory ? Math.floor(statSync(directory).mtimeMs / 1000) : 0,
    tools: TOOLS.filter((tool) =>
      [...searchPath.split(delimiter), '/sbin', '/usr/sbin'].some((folder) =>
        existsSync(join(folder, tool)),
      ),
    ),
  };
}

function nearestPresent(directory: string): string {
  return existsSync(directory) ? directory : nearestPresent(dirname(directory));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

function sizeFree(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function capabilities(): bigint {
  try {
    const [, digits = '0'] =
      /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return BigInt(`0x${digits}`);
  } catch {
    return 0n;
  }
}

function portState(port: number): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => resolve(cause.code ?? cause.message));
    server.listen(port, () => server.close(() => resolve('free')));
  });
}
