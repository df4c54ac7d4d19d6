/** Runs one box, or the witness: configuration -> host -> kernel -> plugins, until a signal ends it. */
import { resolve } from 'node:path';
import { Kernel } from '#core/kernel.ts';
import type { LogLevel } from '#core/log-line.ts';
import type { Plugin } from '#core/plugin.ts';
import { Services } from '#core/services.ts';
import { BACKENDS, Backends } from '#core/volume/backends.ts';
import { createClock } from '#plugins/host/clock.ts';
import { type Identity, loadIdentity } from '#plugins/host/identity.ts';
import { createLog } from '#plugins/host/log.ts';
import { boxPlugins, witnessPlugins } from '#plugins/index.ts';
import type { ServeOptions, WitnessOptions } from '#tui/runner.ts';
import { type BoxConfig, readBoxConfig } from './box-config.ts';
import { boxOptions, withOwners, witnessOptions } from './box-options.ts';
import { marked } from './guests/blame.ts';
import { loadGuests } from './guests/load.ts';
import { live } from './life.ts';
import { logLevelOf, reread } from './reread.ts';
import { openDirectory } from './state-directory.ts';

interface RunOptions {
  /** The state directory; made when missing. */
  readonly directory: string;
  /** What the command line says. */
  readonly logLevel: LogLevel | undefined;
}

/** Resolves with the exit code when the box was asked to end and has ended. */
export function serveBox(options: ServeOptions): Promise<number> {
  return run(options, (config, directory, identity) => ({
    plugins: boxPlugins(config.arbiter),
    options: boxOptions(config, directory, options.control, identity),
  }));
}

export function serveWitness(options: WitnessOptions): Promise<number> {
  return run(options, (config, directory, identity) => ({
    plugins: witnessPlugins,
    options: withOwners(config, witnessOptions(config, directory, identity)),
  }));
}

interface Parts {
  readonly plugins: readonly Plugin[];
  readonly options: Record<string, Record<string, unknown>>;
}

async function run(
  { directory: given, logLevel }: RunOptions,
  parts: (config: BoxConfig, directory: string, identity: Identity) => Parts,
): Promise<number> {
  const directory = resolve(given);
  openDirectory(directory);
  const config = readBoxConfig(directory);
  const identity = await loadIdentity(directory, config.name);
  const threshold = { level: logLevelOf(config, logLevel) };
  const log = createLog({ level: threshold }).child(config.name);
  const services = new Services();
  services.offer(BACKENDS, new Backends());
  const { plugins, options } = parts(config, directory, identity);
  const { guests, refused } = loadGuests(config.guests);
  for (const sentence of refused) log.error(`guest left out: ${sentence}`);
  const kernel = new Kernel(
    { plugins, guests: guests.map(marked), options: forThose(options, guests) },
    { timers: createClock(), log, services },
  );
  const reload = (): void => {
    reread({
      directory,
      before: config,
      log,
      apply: (now) => {
        threshold.level = logLevelOf(now, logLevel);
      },
    });
  };
  const started = (): void => {
    log.info(`serving from ${directory}`, { fingerprint: identity.fingerprint });
    log.debug(`boot\n${kernel.tree()}`);
  };
  await live({ name: config.name, kernel, log, started, reload });
  return 0;
}

/** A guest that could not be loaded takes its options along; anybody else's are looked at by the kernel. */
function forThose(options: Parts['options'], guests: readonly Plugin[]): Parts['options'] {
  const isAbsent = (id: string) =>
    id.startsWith('guest/') && !guests.some((guest) => guest.id === id);
  return Object.fromEntries(Object.entries(options).filter(([id]) => !isAbsent(id)));
}
