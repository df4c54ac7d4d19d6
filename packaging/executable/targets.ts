/** What an executable is made of, an architecture a row. */
import { join } from 'node:path';

export const ARCHITECTURES = ['x64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** Native parts: name inside the executable, package, and the file in it. All are built for glibc. */
const NATIVES: readonly {
  readonly name: string;
  file(architecture: Architecture): string;
}[] = [
  {
    name: 'koffi.node',
    file: (architecture) => `@koromix/koffi-linux-${architecture}/linux_${architecture}/koffi.node`,
  },
  {
    name: 'lmdb.node',
    file: (architecture) => `@lmdb/lmdb-linux-${architecture}/node.napi.glibc.node`,
  },
];

/** The Node.js of an architecture. */
export function nodeOf(modules: string, architecture: Architecture): string {
  return join(modules, `node-linux-${architecture}/bin/node`);
}

/** Name inside the executable to file. */
export function nativesOf(
  modules: string,
  architecture: Architecture,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    NATIVES.map(({ name, file }) => [name, join(modules, file(architecture))]),
  );
}

export function outputName(architecture: Architecture): string {
  return `understudy-linux-${architecture}`;
}
