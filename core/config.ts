/**
 * Checks what the owner wrote against what a plugin declares, and says in sentences what is wrong with it.
 *
 * A sentence names the plugin, the option, the value and the limit, and ends with the option's own help:
 * `protocol/nfs: nfsPort: 99999 is above 65535 (TCP port of NFS)`. All mistakes are told at once.
 */
import * as v from 'valibot';
import { didYouMean } from './nearest.ts';
import type { OptionSpec, OptionSpecs, OptionsOf } from './plugin.ts';
import { err, ok, type Result } from './result.ts';

/** Characters of a value that a sentence repeats: enough to recognise it by. */
const SHOWN_SIZE_MAX = 60;

/** @param given Names to values, as a configuration file has them; left out, every option has its default. */
export function checkOptions<Specs extends OptionSpecs>(
  id: string,
  specs: Specs,
  given: unknown = {},
): Result<OptionsOf<Specs>, readonly string[]> {
  if (!isTable(given))
    return err([`${id}: its options must be a table of names, not ${show(given)}`]);
  const names = Object.keys(specs);
  const mistakes = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => `${id}: ${name}: no such option${didYouMean(name, names)}`);
  const options: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const outcome = v.safeParse(spec.schema, given[name]);
    if (outcome.success) options[name] = outcome.output;
    else {
      const help = spec.help.replace(/\.$/, '');
      mistakes.push(
        ...outcome.issues.map((issue) => `${id}: ${name}: ${sentence(issue)} (${help})`),
      );
    }
  }
  return mistakes.length > 0 ? err(mistakes) : ok(options as OptionsOf<Specs>);
}

/** Checks one value, of a control call or a file, and returns it typed; throws `Error` with a sentence. */
export function parse<S extends v.GenericSchema>(
  what: string,
  schema: S,
  given: unknown,
): v.InferOutput<S> {
  const outcome = v.safeParse(schema, given);
  if (outcome.success) return outcome.output;
  const mistakes = outcome.issues.map((issue) => {
    const path = v.getDotPath(issue);
    return `${what}: ${path === null ? '' : `${path}: `}${sentence(issue)}`;
  });
  throw new Error(mistakes.join('; '));
}

/** One option as README tables and help texts show it. */
export interface OptionRow {
  readonly name: string;
  readonly type: string;
  /** As JSON; empty where the owner must say. */
  readonly fallback: string;
  readonly help: string;
}

export function optionRows(specs: OptionSpecs): readonly OptionRow[] {
  return Object.entries(specs).map(([name, spec]) => ({
    name,
    type: typeOf(spec),
    fallback: fallbackOf(spec.schema),
    help: spec.help,
  }));
}

/** The table under `Options` in a plugin's README. */
export function printOptions(specs: OptionSpecs): string {
  const rows = optionRows(specs).map(
    ({ name, type, fallback, help }) =>
      `| \`${name}\` | ${type} | ${fallback && `\`${fallback}\``} | ${help} |`,
  );
  return ['| option | type | default | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

function isTable(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

function sentence(issue: v.BaseIssue<unknown>): string {
  const value = show(issue.input);
  const { requirement } = issue as { readonly requirement?: unknown };
  if (issue.kind === 'schema' && issue.input === undefined)
    return `is missing, must be ${wanted(issue)}`;
  switch (issue.type) {
    case 'max_value':
      return `${value} is above ${String(requirement)}`;
    case 'min_value':
      return `${value} is below ${String(requirement)}`;
    case 'integer':
    case 'safe_integer':
      return `${value} is no whole number`;
    case 'max_length':
      return `${value} is longer than ${String(requirement)}`;
    case 'min_length':
    case 'non_empty':
      return `${value} is shorter than ${String(requirement ?? 1)}`;
    case 'picklist':
    case 'literal':
    case 'variant':
      return `${value} is not one of ${alternatives(issue)}`;
    case 'strict_object':
      return issue.expected === 'never' ? 'is not known here' : `${value} must be a table of names`;
    default:
      if (issue.kind === 'schema') return `${value} must be ${wanted(issue)}`;
      // valibot's own message names the value already, a plugin's does not.
      return issue.message.startsWith('Invalid ') ? issue.message : `${value}: ${issue.message}`;
  }
}

const SCHEMA_WORDS: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a table of names',
  strict_object: 'a table of names',
  record: 'a table of names',
};

function wanted(issue: v.BaseIssue<unknown>): string {
  const word = SCHEMA_WORDS[issue.type];
  if (word !== undefined) return word;
  return issue.expected === null ? 'something else' : alternatives(issue);
}

/** valibot writes `("a" | "b")`; people read `a, b`. */
function alternatives(issue: v.BaseIssue<unknown>): string {
  const expected = issue.expected ?? '';
  return expected
    .replace(/^\(|\)$/g, '')
    .replaceAll(' | ', ', ')
    .replaceAll('"', '');
}

/** A value as it may stand in a sentence: on one line, and never long. */
function show(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
  const line = text.replaceAll(/\p{Cc}/gu, '?');
  return line.length > SHOWN_SIZE_MAX ? `${line.slice(0, SHOWN_SIZE_MAX)}...` : line;
}

/** What valibot's schemas say of themselves; which of it there is depends on the schema. */
interface Inspected {
  readonly type: string;
  readonly kind?: string;
  readonly requirement?: unknown;
  readonly wrapped?: Inspected;
  readonly item?: Inspected;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly Inspected[];
  readonly default?: unknown;
}

function typeOf(spec: OptionSpec): string {
  const schema = bare(spec.schema as unknown as Inspected);
  const unit = spec.unit === undefined ? '' : `, ${spec.unit}`;
  return `${nameOf(schema)}${rangeOf(schema)}${unit}`;
}

function bare(schema: Inspected): Inspected {
  return schema.wrapped === undefined ? schema : bare(schema.wrapped);
}

function nameOf(schema: Inspected): string {
  if (schema.type === 'array' && schema.item !== undefined)
    return `list of ${nameOf(bare(schema.item))}`;
  if (schema.type === 'picklist')
    return (schema.options ?? []).map((option) => `\`${String(option)}\``).join(', ');
  return schema.type === 'string' ? 'text' : schema.type;
}

function rangeOf(schema: Inspected): string {
  const bound = (type: string): unknown =>
    schema.pipe?.find((action) => action.type === type)?.requirement;
  const [least, most] = [bound('min_value'), bound('max_value')];
  if (least === undefined && most === undefined) return '';
  if (most === undefined) return ` from ${String(least)}`;
  return least === undefined ? ` up to ${String(most)}` : ` ${String(least)} to ${String(most)}`;
}

function fallbackOf(schema: unknown): string {
  const { default: fallback } = schema as Inspected;
  return fallback === undefined ? '' : JSON.stringify(fallback);
}
