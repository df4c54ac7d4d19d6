/** What the commands cannot do themselves and are handed: the executable knows plugins and processes, the CLI does not. */
import type { LogLevel } from '#core/log-line.ts';
import type { Plugin } from '#core/plugin.ts';
import type { Time } from '#core/ports/clock.ts';

export interface ServeOptions {
  /** State directory of the box; its `box.toml` says the rest. */
  readonly directory: string;
  /** Of the control socket. */
  readonly control: string;
  /** `box.toml` says it where it is not said here. */
  readonly logLevel: LogLevel | undefined;
}

export interface WitnessOptions {
  readonly directory: string;
  readonly logLevel: LogLevel | undefined;
}

export interface DemoOptions {
  /** The tree to copy; the program chooses where it is not said. */
  readonly source: string | undefined;
  /** End after the report, with exit code 1 where something did not hold. */
  readonly once: boolean;
  /** Where the boxes keep their things; a temporary folder where it is not said. */
  readonly directory: string | undefined;
  /** The service address. */
  readonly address: string;
  readonly handles: 'generic' | 'issuer';
  readonly durability: 'disk' | 'memory';
}

/** Each resolves to the exit code; a rejection's message is a sentence for the owner. */
export interface Runner {
  /** What `serve --help` lists options of. */
  readonly plugins: readonly Plugin[];
  readonly version: string;
  /** The machine's wall clock, for `doctor`. */
  wall(): Time;
  serve(options: ServeOptions): Promise<number>;
  witness(options: WitnessOptions): Promise<number>;
  demo(options: DemoOptions): Promise<number>;
}
