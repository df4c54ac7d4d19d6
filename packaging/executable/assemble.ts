/**
 * Puts the bundle and the native parts into a copy of Node.js, with pkg's function for single executables.
 *
 * It is no public interface of pkg: its command line can neither take a Node.js that is there already nor extra
 * files, and would fetch one. It first looks into a cache below the home folder, so it is given a home of its own with the
 * packages' Node.js in that cache.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Architecture, nativesOf, nodeOf } from './targets.ts';

/** What a box tells V8, as packaging/lab/program.ts does for the sources. */
const NODE_ARGS = ['--max-semi-space-size=32'];

/** The bundle, as stack traces name it. */
const MAIN = 'understudy.cjs';

/** The part of pkg 6.23 that is used here. */
type Sea = (
  entry: string,
  options: {
    readonly targets: readonly {
      readonly nodeRange: string;
      readonly platform: 'linux';
      readonly arch: Architecture;
      readonly output: string;
    }[];
    readonly signature: boolean;
    readonly seaConfig: Readonly<Record<string, unknown>>;
  },
) => Promise<void>;

export interface Assembly {
  readonly architecture: Architecture;
  /** The CommonJS file to run. */
  readonly bundle: string;
  /** `node_modules` that holds Node.js and the native parts of the architecture. */
  readonly modules: string;
  readonly output: string;
}

/** The same parts give the same bytes. */
export async function assemble(assembly: Assembly): Promise<void> {
  const { architecture, bundle, modules, output } = assembly;
  const version = process.versions.node;
  const home = mkdtempSync(join(tmpdir(), 'understudy-package-'));
  fillCache(home, `node-v${version}-linux-${architecture}`, nodeOf(modules, architecture));
  copyFileSync(bundle, join(home, MAIN));
  try {
    await inEnvironment({ HOME: home, TMPDIR: home }, () =>
      loadSea()(bundle, {
        targets: [{ nodeRange: `node${version}`, platform: 'linux', arch: architecture, output }],
        signature: false,
        seaConfig: {
          // Its name is part of the executable, so it must be the same on every machine; pkg works in a folder below HOME.
          main: `../${MAIN}`,
          // It would save a few dozen milliseconds at the start, and V8 makes other bytes of it each time.
          useCodeCache: false,
          execArgv: NODE_ARGS,
          // What a user has in NODE_OPTIONS is meant for other programs.
          execArgvExtension: 'none',
          assets: nativesOf(modules, architecture),
        },
      }),
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function loadSea(): Sea {
  const module = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea');
  return (module as { readonly default: Sea }).default;
}

async function inEnvironment(
  values: Readonly<Record<string, string>>,
  work: () => Promise<void>,
): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, values);
  try {
    await work();
  } finally {
    for (const name of Object.keys(values)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** As pkg leaves it after a download that it has checked. */
function fillCache(home: string, name: string, node: string): void {
  const cache = join(home, '.pkg-cache/sea');
  const folder = join(cache, name, 'bin');
  mkdirSync(folder, { recursive: true });
  symlinkSync(node, join(folder, 'node'));
  for (const mark of [join(folder, 'node.ok'), join(cache, `${name}.tar.gz`)]) {
    writeFileSync(mark, '');
  }
  writeFileSync(join(cache, `${name}.tar.gz.ok`), '');
}
