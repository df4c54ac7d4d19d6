/**
 * House rules that a linter cannot say. A rule is a function from a file, or from all of them, to complaints; it reads
 * nothing by itself, so that each has small tests of its own.
 */
import { posix } from 'node:path';

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Lines of a file that can be read in one sitting. */
const LINES_MAX = 600;

/** No file is over the limit, unless its header says `Long because ...`. */
export function tooLong({ path, text }: SourceFile): readonly string[] {
  const lines = text.split('\n').length - 1;
  if (lines <= LINES_MAX) return [];
  const header = /^\s*\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? '';
  if (header.includes('Long because')) return [];
  return [
    `${path}: ${lines} lines, at most ${LINES_MAX} unless its header says "Long because ..."`,
  ];
}

/** One form per source: `RFC 8881 §18.16.3`, `[MS-SMB2] §3.3.5.9`. Each pattern is a form that is not it. */
const CITATION_FORMS: readonly (readonly [RegExp, string])[] = [
  [/\bRFC[-_]?\d{3,5}\b/g, 'a space after RFC'],
  [/\b(?:rfc|Rfc) \d{3,5}\b/g, 'RFC in capitals'],
  [/\bRFC \d{3,5}(?:,|:)? *(?:[Ss]ections?|[Ss]ec\.|chapter|par\.)/g, '§ for section'],
  [/\b[Ss]ections? [\d.]+ of RFC \d+/g, 'the RFC before its §'],
  [/\bRFC \d{3,5},? ?§ +\d/g, 'no space after §'],
  [/\bRFC \d{3,5}(?:, ?)?§/g, 'a space, and nothing else, before §'],
  [/(?<!\[)\bMS-(?:SMB2?|FSCC|ERREF|NLMP|DTYP|FSA|SRVS|RPCE|SPNG)\b/g, 'brackets: [MS-SMB2]'],
  [/\[MS-[A-Z0-9]+\](?:,|:)? *(?:[Ss]ection|§ )/g, '[MS-SMB2] §n without a space'],
];

export function badCitations({ path, text }: SourceFile): readonly string[] {
  return CITATION_FORMS.flatMap(([form, wanted]) =>
    [...text.matchAll(form)].map(
      (match) => `${place(path, text, match.index)}: "${match[0]}": ${wanted}`,
    ),
  );
}

const README_HEADINGS = ['Name', 'Description', 'Options', 'Examples', 'Spec'];

/** A plugin's README has the headings of its siblings, in their order; others may follow. */
export function badReadme({ path, text }: SourceFile): readonly string[] {
  const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1] ?? '');
  const known = headings.filter((heading) => README_HEADINGS.includes(heading));
  if (known.join() === README_HEADINGS.join()) return [];
  return [`${path}: its headings are ${headings.join(', ')}; wanted ${README_HEADINGS.join(', ')}`];
}

/** Every folder with a `plugin.ts` has a README. */
export function missingReadmes(paths: readonly string[]): readonly string[] {
  return paths
    .filter((path) => /^plugins\/.*\/plugin\.ts$/.test(path))
    .map((path) => posix.join(posix.dirname(path), 'README.md'))
    .filter((readme) => !paths.includes(readme))
    .map((readme) => `${readme}: is missing`);
}

/** Where an import leads, from the root; `undefined` for packages and `node:*`. */
export function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier);
}

/** What a file imports, starts as a worker or names by URL. Import types count. */
export function imports({ text }: SourceFile): readonly string[] {
  const forms = [
    /^(?:import|export)\b[^;'"]*?\bfrom\s+['"]([^'"]+)['"]/gm,
    /^import\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
    /\bnew URL\(\s*['"]([^'"]+\.ts)['"]/g,
  ];
  return forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''));
}

/** A relative import stays inside its plugin, or inside its top folder where it is in none. */
export function climbingImports(file: SourceFile, paths: readonly string[]): readonly string[] {
  const root = rootOf(file.path, paths);
  return imports(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => [specifier, target(file.path, specifier) ?? ''] as const)
    .filter(([, to]) => !to.startsWith(`${root}/`))
    .map(([specifier]) => `${file.path}: ${specifier} climbs out of ${root}; import it as #...`);
}

function rootOf(path: string, paths: readonly string[]): string {
  const [top = ''] = path.split('/');
  if (top !== 'plugins' || path === 'plugins/index.ts') return top;
  for (let folder = posix.dirname(path); folder !== 'plugins'; folder = posix.dirname(folder)) {
    if (paths.includes(`${folder}/plugin.ts`)) return folder;
  }
  return path.split('/').slice(0, 3).join('/');
}

/** A source file outside tests that nothing imports and that is no entry. */
export function unimported(
  files: readonly SourceFile[],
  entries: readonly string[],
): readonly string[] {
  const reached = new Set(entries);
  for (const file of files) {
    for (const specifier of imports(file)) reached.add(target(file.path, specifier) ?? '');
  }
  return files
    .map((file) => file.path)
    .filter((path) => path.endsWith('.ts') && !path.startsWith('tests/') && !reached.has(path))
    .map((path) => `${path}: nothing imports it`);
}

/** A test file has a suite of its own, or hands a factory to a contract suite. */
export function withoutSuite({ path, text }: SourceFile): readonly string[] {
  if (!path.endsWith('.test.ts')) return [];
  const isRegistered = /\bsuite\(/.test(text) || /\/contract\/[\w-]+\.ts'/.test(text);
  return isRegistered ? [] : [`${path}: registers no suite`];
}

/** Paths and hosts of the machine that something was written on. */
export function machinePaths({ path, text }: SourceFile): readonly string[] {
  const form = /(?<![\w.~$}*-])\/(?:work|root|home\/[a-z]\w*)(?:\/[\w.-]+|(?=['"`\s]))/g;
  return [...text.matchAll(form)].map(
    (match) => `${place(path, text, match.index)}: "${match[0]}" is a place on somebody's machine`,
  );
}

/** A lock file must not send others to the registry that one machine happened to use: it names none. */
export function namedRegistries({ path, text }: SourceFile): readonly string[] {
  const hosts = [...text.matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map((match) => match[1]);
  return [...new Set(hosts)].map((host) => `${path}: is bound to the registry ${host}`);
}

function place(path: string, text: string, index: number): string {
  return `${path}:${text.slice(0, index).split('\n').length}`;
}
