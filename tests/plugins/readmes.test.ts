/** What READMEs say of options is what plugins declare. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import type { Plugin } from '#core/plugin.ts';
import { suite } from '../support/suite.ts';

const test = suite('plugins: READMEs');
const root = join(import.meta.dirname, '../../plugins');

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('/plugin.ts'))
  .sort();

/** A folder with two parts of one thing, such as a witness and who asks it, has two files `...plugin.ts`. */
function besides(folder: string): readonly string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('plugin.ts'))
    .map((name) => join(root, folder, name));
}

async function exported(path: string): Promise<readonly Plugin[]> {
  const module: Record<string, unknown> = await import(pathToFileURL(path).href);
  return Object.values(module).filter(isPlugin);
}

function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && 'start' in value && 'options' in value;
}

/** Names in the first column of the tables under `## Options`. */
function documented(readme: string): readonly string[] {
  const section = /^## Options\n([\s\S]*?)^## /m.exec(readme)?.[1] ?? '';
  return [...section.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1] ?? '');
}

for (const file of files) {
  test(`the README of ${dirname(file)} has every option and no other`, async () => {
    const plugins = (await Promise.all(besides(dirname(file)).map(exported))).flat();
    assert.ok(plugins.length > 0, `${file} exports no plugin`);
    const declared = plugins.flatMap((plugin) => Object.keys(plugin.options));
    const readme = readFileSync(join(root, dirname(file), 'README.md'), 'utf8');
    assert.equal([...documented(readme)].sort(), declared.sort());
  });
}
