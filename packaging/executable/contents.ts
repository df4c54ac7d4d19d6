/** What is in an executable, told to people and programs: a CycloneDX list of components, and their licences' texts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPackages } from './npm.ts';
import { type Architecture, nativesOf, nodeOf } from './targets.ts';

/** How packages name the file with their licence. */
const LICENCE_FILE = /^(licen[cs]e|copying)([.-].*)?$/i;

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
}

interface Bom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly {
    readonly ref: string;
    readonly dependsOn?: readonly string[];
  }[];
}

interface Package {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** The packages that these files belong to, by name; a file in none is ours. */
export function packagesOf(files: readonly string[]): readonly Package[] {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]);
  return [...new Set(folders)]
    .filter((folder) => folder !== undefined)
    .map((folder) => ({
      ...JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
      folder,
    }))
    .map(({ folder, name, version, license }: Package) => ({ folder, name, version, license }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** All that goes into an executable: what is bundled, and the parts of the architecture. */
export function packagesInside(
  modules: string,
  architecture: Architecture,
  bundled: readonly string[],
): readonly Package[] {
  const natives = Object.values(nativesOf(modules, architecture));
  return packagesOf([...bundled, nodeOf(modules, architecture), ...natives]);
}

/** npm's list, of what is inside only; its time and its random number are left out, so that it is the same each time. */
export function componentList(root: string, inside: readonly Package[]): string {
  const { serialNumber, ...bom } = listPackages(root) as Bom & { readonly serialNumber: unknown };
  const { timestamp, ...metadata } = bom.metadata as Bom['metadata'] & {
    readonly timestamp: unknown;
  };
  const wanted = new Set(inside.map(({ name, version }) => `${name}@${version}`));
  const components = bom.components.filter((component) => wanted.delete(component['bom-ref']));
  if (wanted.size > 0) throw new Error(`${[...wanted].join(', ')}: not in the list that npm gives`);
  const own = { ...metadata.component, name: 'understudy', type: 'application' };
  const known = new Set([own, ...components].map((component) => component['bom-ref']));
  const dependencies = bom.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter((to) => known.has(to)),
    }));
  const list = { ...bom, metadata: { ...metadata, component: own }, components, dependencies };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

/** Our own licence first, then each package's, under its name and version. */
export function licences(root: string, inside: readonly Package[]): string {
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').trim();
  const texts = inside.map(
    ({ folder, name, version, license }) =>
      `${name} ${version}: ${license}\n\n${licenceText(folder)}`,
  );
  return `${[`understudy\n\n${own}`, ...texts].join(`\n\n${'='.repeat(78)}\n\n`)}\n`;
}

function licenceText(folder: string): string {
  const file = readdirSync(folder).find((name) => LICENCE_FILE.test(name));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8').trim();
  const readme = join(folder, 'README.md');
  const text = existsSync(readme) ? readFileSync(readme, 'utf8') : '';
  const at = text.search(/^#+ licen[cs]e/im);
  return at < 0 ? '(the package holds no text of it)' : text.slice(at).trim();
}
