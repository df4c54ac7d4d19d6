/** The executable's one entry: a command, or configuration -> host -> kernel -> plugins. */
import { createClock } from '#plugins/host/clock.ts';
import { boxPlugins } from '#plugins/index.ts';
import { run } from '#tui/cli.ts';
import { runDemo } from './demo/demo.ts';
import { serveBox, serveWitness } from './serve.ts';
import { VERSION } from './version.ts';

void run(process.argv.slice(2), {
  plugins: boxPlugins('witness'),
  version: VERSION,
  wall: () => createClock().wall(),
  serve: serveBox,
  witness: serveWitness,
  demo: runDemo,
}).then((code) => {
  process.exitCode = code;
  // Handles that a library keeps open must not keep the process.
  if (code !== 0) process.exit(code);
});
