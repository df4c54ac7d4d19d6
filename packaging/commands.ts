/** Every command with what only the executable knows: plugins, processes, the version. */
import { createClock } from '#plugins/host/clock.ts';
import { boxPlugins } from '#plugins/index.ts';
import { run } from '#tui/cli.ts';
import { runDemo } from './demo/demo.ts';
import { serveBox, serveWitness } from './serve.ts';
import { VERSION } from './version.ts';

/** Runs the command of `argv`; resolves to the exit code. */
export function runCommand(argv: readonly string[]): Promise<number> {
  return run(argv, {
    plugins: boxPlugins('witness'),
    version: VERSION,
    wall: () => createClock().wall(),
    serve: serveBox,
    witness: serveWitness,
    demo: runDemo,
  });
}
