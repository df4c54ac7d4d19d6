/** All sources and packages as one CommonJS file, the same for every architecture; native parts stay outside. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** Columns of a line: Node.js prints the whole source line of an uncaught error. */
const LINE_SIZE_MAX = 200;
/** In the executable there is no file that a module stands in; what asks for one gets the executable. */
const MODULE_URL = 'understudyModuleUrl';

const LOADER = fileURLToPath(new URL('./native.ts', import.meta.url));

/** Packages that look for a native part, and its name inside the executable. */
const LOADERS: readonly { readonly filter: RegExp; readonly code: string }[] = [
  // Of koffi: it would look for the package of this machine, and swallow why it cannot be loaded.
  { filter: /^\.\/src\/static\.js$/, code: 'exports.loadStatic = () => load("koffi.node");' },
  {
    // lmdb asks for it with its folder; msgpackr, which lmdb uses for values that we do not have, has a part of its own.
    filter: /^node-gyp-build-optional-packages$/,
    code: 'let part; module.exports = () => (part ??= load("lmdb.node"));',
  },
  { filter: /^msgpackr-extract$/, code: 'module.exports = undefined;' },
];

/** @param root Of the project. @param output The file to write. @returns The files that are in it. */
export async function bundle(root: string, output: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['packaging/main.ts'],
    outfile: output,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    keepNames: true,
    lineLimit: LINE_SIZE_MAX,
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: `const ${MODULE_URL} = require('node:url').pathToFileURL(process.execPath).href;`,
    },
    define: { 'import.meta.url': MODULE_URL, 'import.meta.dirname': '"/"' },
    plugins: [natives(root)],
    metafile: true,
  });
  return Object.keys(metafile.inputs).map((file) => join(root, file));
}

/** Puts our loader in the place of each package's own search for its native part. */
function natives(root: string): Plugin {
  const namespace = 'native';
  return {
    name: namespace,
    setup(builder) {
      for (const { filter, code } of LOADERS) {
        builder.onResolve({ filter }, () => ({ path: code, namespace }));
      }
      builder.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: `const { loadNative: load } = require(${JSON.stringify(LOADER)});\n${path}`,
        resolveDir: root,
        loader: 'js',
      }));
    },
  };
}
