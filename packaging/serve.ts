/** Runs one box, or the witness: configuration -> host -> kernel -> plugins, until a signal ends it. */
import { mkdirSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { Kernel } from '#core/kernel.ts';
import type { LogLevel } from '#core/log-line.ts';
import type { Plugin } from '#core/plugin.ts';
import { DiskError } from '#core/ports/disk.ts';
import { Services } from '#core/services.ts';
import { BACKENDS, Backends } from '#core/volume/backends.ts';
import { createClock } from '#plugins/host/clock.ts';
import { type Identity, loadIdentity } from '#plugins/host/identity.ts';
import { createLog } from '#plugins/host/log.ts';
import { boxPlugins, witnessPlugins } from '#plugins/index.ts';
import type { ServeOptions, WitnessOptions } from '#tui/runner.ts';
import { type BoxConfig, readBoxConfig } from './box-config.ts';
import { boxOptions, withOwners, witnessOptions } from './box-options.ts';

interface RunOptions {
  /** The state directory; made when missing. */
  readonly directory: string;
  readonly logLevel: LogLevel;
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
  makeDirectory(directory);
  const config = readBoxConfig(directory);
  const identity = await loadIdentity(directory, config.name);
  const log = createLog({ level: logLevel }).child(config.name);
  stopOnDiskErrors(config.name);
  const services = new Services();
  services.offer(BACKENDS, new Backends());
  const kernel = new Kernel(parts(config, directory, identity), {
    timers: createClock(),
    log,
    services,
  });
  const ended = untilSignal();
  await kernel.start();
  log.info(`serving from ${directory}`, { fingerprint: identity.fingerprint });
  log.debug(`boot\n${kernel.tree()}`);
  await ended;
  await kernel.stop();
  return 0;
}

/**
 * A box whose own disk is full or fails must stop, so that another steps in. That is nobody's mistake: one sentence, where
 * any other uncaught error shows its stack.
 */
function stopOnDiskErrors(name: string): void {
  process.once('uncaughtException', (error) => {
    const isDisk = error instanceof DiskError;
    const text = isDisk ? `box ${name} stops: ${error.message}` : (error.stack ?? String(error));
    writeSync(2, `understudy: ${text}\n`);
    process.exit(1);
  });
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(
      `state directory ${directory}: cannot be made (${reason}); name another one with --dir`,
    );
  }
}

function untilSignal(): Promise<void> {
  return new Promise((done) => {
    // Keeps the process alive when nothing listens yet.
    const alive = setInterval(() => {}, 1 << 30);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(alive);
        done();
      });
    }
  });
}
