/**
 * What a plugin is: a value that says its id, what it needs and offers, its options, and how it starts.
 *
 * Building one has no side effects. The kernel starts plugins in order of need and stops them in reverse.
 */
import type { GenericSchema, InferOutput } from 'valibot';
import type { Log } from './log-line.ts';
import type { ServiceKey } from './services.ts';

export type PluginKind = 'host' | 'fs' | 'protocol' | 'cluster' | 'discovery' | 'control';

/** One option: its schema (type, default, range) and a sentence of help, unit included. */
export interface OptionSpec<S extends GenericSchema = GenericSchema> {
  readonly schema: S;
  readonly help: string;
  readonly unit?: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export type OptionsOf<Specs extends OptionSpecs> = {
  readonly [K in keyof Specs]: InferOutput<Specs[K]['schema']>;
};

/**
 * Version of everything a guest sees: this file, the services it may need, and what they do. It is raised when a plugin
 * written against the one before could not work any more.
 */
export const PLUGIN_API = 1;

export interface Running {
  /** Called once while everything still works, before anything stops: what others can go on with is handed to them. */
  leave?(): void | Promise<void>;
  /** Gives back everything that `start` took; called once, in reverse order of start. */
  stop(): void | Promise<void>;
}

export interface PluginContext<Options> {
  readonly options: Options;
  readonly log: Log;
  get<T>(key: ServiceKey<T>): T;
  offer<T>(key: ServiceKey<T>, value: T): void;
}

export interface Plugin<Specs extends OptionSpecs = OptionSpecs> {
  /** Its path below `plugins/`: `fs/posix`, `protocol/nfs`. */
  readonly id: string;
  readonly kind: PluginKind;
  readonly needs: readonly ServiceKey<unknown>[];
  readonly offers: readonly ServiceKey<unknown>[];
  readonly options: Specs;
  start(context: PluginContext<OptionsOf<Specs>>): Running | Promise<Running>;
}

/** Types a plugin's options from its specs; returns its argument. */
export function plugin<const Specs extends OptionSpecs>(value: Plugin<Specs>): Plugin<Specs> {
  return value;
}
