/**
 * Makes the executables, and what is handed out with them, in `dist/`.
 *
 *     npm run package -- [--arch x64] [--arch arm64] [--key FILE] [--dist DIR]
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import yargs from 'yargs';
import { type DebOptions, debName, makeDeb } from '../debian/deb.ts';
import { assemble } from './assemble.ts';
import { bundle } from './bundle.ts';
import { componentList, licences, packagesInside } from './contents.ts';
import { modulesOf } from './npm.ts';
import { SIGNATURE, SUMS, signSums, writeSums } from './release.ts';
import { ARCHITECTURES, type Architecture, outputName } from './targets.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** As much as can be had in some seconds. */
const ZSTD_LEVEL = 6;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<void> {
  const args = yargs(process.argv.slice(2))
    .scriptName('package')
    .option('arch', { choices: ARCHITECTURES, array: true, default: [...ARCHITECTURES] })
    .option('key', { type: 'string', describe: 'Ed25519 key (PEM) that signs SHA256SUMS' })
    .option('dist', { type: 'string', default: join(ROOT, 'dist'), describe: 'Where to' })
    .strict()
    .parseSync();
  const folder = resolve(args.dist);
  mkdirSync(folder, { recursive: true });
  const main = join(folder, 'understudy.cjs');
  const bundled = await bundle(ROOT, main);
  const files: string[] = [];
  for (const architecture of new Set(args.arch)) {
    files.push(...(await make(architecture, { folder, main, bundled })));
  }
  rmSync(main);
  writeSums(folder, files);
  rmSync(join(folder, SIGNATURE), { force: true });
  if (args.key === undefined) say(`${SUMS}: not signed, no --key is given`);
  else signSums(folder, readFileSync(args.key, 'utf8'));
}

interface Making {
  readonly folder: string;
  readonly main: string;
  readonly bundled: readonly string[];
}

/** @returns The files made. */
async function make(
  architecture: Architecture,
  { folder, main, bundled }: Making,
): Promise<readonly string[]> {
  const modules = modulesOf(ROOT, architecture);
  const output = join(folder, outputName(architecture));
  rmSync(output, { force: true });
  await assemble({ architecture, bundle: main, modules, output });
  const inside = packagesInside(modules, architecture, bundled);
  const list = `${output}.cdx.json`;
  writeFileSync(list, componentList(ROOT, inside));
  const texts = `${output}.licences.txt`;
  writeFileSync(texts, licences(ROOT, inside));
  say(
    `${outputName(architecture)}: ${megabytes(statSync(output).size)}, ${megabytes(compressedSize(output))} as zstd`,
  );
  return [
    output,
    list,
    texts,
    ...debFor(architecture, { executable: output, licences: texts, folder }),
  ];
}

/** The Debian package, where there is a dpkg-deb to build it. */
function debFor(
  architecture: Architecture,
  parts: Omit<DebOptions, 'architecture'>,
): readonly string[] {
  try {
    const deb = makeDeb({ architecture, ...parts });
    say(`${debName(architecture)}: ${megabytes(statSync(deb).size)}`);
    return [deb];
  } catch (cause) {
    say(`${debName(architecture)}: not made: ${(cause as Error).message}`);
    return [];
  }
}

/** Bytes of a download of it, about: what zstd makes of it. */
function compressedSize(file: string): number {
  return zstdCompressSync(readFileSync(file), {
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
  }).length;
}

function megabytes(size: number): string {
  return `${(size / 1e6).toFixed(1)} MB`;
}

try {
  await main();
} catch (cause) {
  process.stderr.write(`package: ${(cause as Error).message}\n`);
  process.exitCode = 1;
}
