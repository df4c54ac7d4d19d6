/**
 * The executable's one entry. Run from its sources it keeps what Node.js has compiled of them beside its packages, which
 * halves the time to serving; so everything else is imported after that is switched on.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { isSea } from 'node:sea';

if (!isSea()) enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/understudy'));

void import('./commands.ts')
  .then(({ runCommand }) => runCommand(process.argv.slice(2)))
  // Not by letting the loop run empty: what a library keeps open would keep a process that has failed, and Node.js then
  // waits, in a loop that takes a whole core, for requests of connections that were dropped.
  .then((code) => process.exit(code))
  .catch((cause: Error) => {
    // The executable's native parts could not be loaded, and why is a sentence; in the sources it is a mistake of ours.
    process.stderr.write(`understudy: ${isSea() ? cause.message : cause.stack}\n`);
    process.exit(1);
  });
