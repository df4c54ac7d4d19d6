/**
 * In which order plugins start, worked out before anything does: by need, and as listed among equals.
 *
 * Mistakes (a need that nobody offers, two that offer the same, plugins that wait for each other) are found
 * here and told all at once.
 */
import type { Plugin } from './plugin.ts';
import { err, ok, type Result } from './result.ts';

/** The plugins in start order, or what is wrong with them in sentences. `given` names what is there already. */
export function bootOrder(
  plugins: readonly Plugin[],
  given: readonly string[],
): Result<readonly Plugin[], readonly string[]> {
  const offeredBy = new Map<string, string>();
  const mistakes: string[] = repeated(plugins);
  for (const plugin of plugins) {
    for (const { name } of plugin.offers) {
      const other = given.includes(name) ? 'the program itself' : offeredBy.get(name);
      if (other !== undefined) mistakes.push(`${plugin.id}: offers ${name}, as does ${other}`);
      offeredBy.set(name, plugin.id);
    }
  }
  for (const plugin of plugins) {
    for (const { name } of plugin.needs) {
      if (!offeredBy.has(name) && !given.includes(name)) {
        mistakes.push(`${plugin.id}: needs ${name}, which no plugin offers`);
      }
    }
  }
  return mistakes.length > 0 ? err(mistakes) : sorted(plugins, given, offeredBy);
}

function repeated(plugins: readonly Plugin[]): string[] {
  const ids = plugins.map((plugin) => plugin.id);
  return ids
    .filter((id, index) => ids.indexOf(id) !== index)
    .map((id) => `${id}: is listed more than once`);
}

function sorted(
  plugins: readonly Plugin[],
  given: readonly string[],
  offeredBy: ReadonlyMap<string, string>,
): Result<readonly Plugin[], readonly string[]> {
  const offered = new Set(given);
  const order: Plugin[] = [];
  const waiting = [...plugins];
  while (waiting.length > 0) {
    const at = waiting.findIndex((plugin) => plugin.needs.every(({ name }) => offered.has(name)));
    const next = waiting[at];
    if (next === undefined) return err([circle(waiting, offeredBy)]);
    waiting.splice(at, 1);
    order.push(next);
    for (const { name } of next.offers) offered.add(name);
  }
  return ok(order);
}

/** Follows one unmet need after the other until a plugin comes round again. All needs are offered by somebody. */
function circle(waiting: readonly Plugin[], offeredBy: ReadonlyMap<string, string>): string {
  const steps: string[] = [];
  const seen: string[] = [];
  let current = waiting[0];
  while (current !== undefined && !seen.includes(current.id)) {
    seen.push(current.id);
    const { id, needs } = current;
    const blocked = (name: string): Plugin | undefined =>
      waiting.find((plugin) => plugin.id === offeredBy.get(name));
    const need = needs.find(({ name }) => blocked(name) !== undefined);
    if (need === undefined) break;
    current = blocked(need.name);
    steps.push(`${id} needs ${need.name} of ${current?.id ?? 'nobody'}`);
  }
  const from = seen.indexOf(current?.id ?? '');
  return `plugins wait for each other: ${steps.slice(Math.max(from, 0)).join(', ')}`;
}

export type BootState = 'waiting' | 'starting' | 'started' | 'failed' | 'stopping' | 'stopped';

/** A line of the boot tree. */
export interface BootRow {
  readonly id: string;
  readonly state: BootState;
  /** What starting took, or has taken so far. */
  readonly ms: number;
  /** 0 for a plugin that needs nobody; otherwise one more than the need it stands under. */
  readonly depth: number;
}

/**
 * The plugins as a tree: each stands below the last started of those that it needs.
 * @param order In start order, so that a need comes before what needs it.
 */
export function bootTree(
  order: readonly Plugin[],
  look: (plugin: Plugin) => { readonly state: BootState; readonly ms: number },
): readonly BootRow[] {
  const parents = order.map((plugin, index) =>
    order.slice(0, index).findLastIndex((other) => isOffered(other, plugin)),
  );
  const rows: BootRow[] = [];
  const put = (parent: number, depth: number): void => {
    for (const [index, plugin] of order.entries()) {
      if (parents[index] !== parent) continue;
      rows.push({ id: plugin.id, ...look(plugin), depth });
      put(index, depth + 1);
    }
  };
  put(-1, 0);
  return rows;
}

function isOffered(by: Plugin, to: Plugin): boolean {
  return by.offers.some(({ name }) => to.needs.some((need) => need.name === name));
}

export function printBoot(rows: readonly BootRow[]): string {
  const labels = rows.map(({ id, depth }) => `${'  '.repeat(depth)}${id}`);
  const width = Math.max(0, ...labels.map((label) => label.length));
  return rows
    .map(({ state, ms }, index) => {
      const took = state === 'waiting' ? '' : `${ms.toFixed(0)} ms`.padStart(10);
      return `${(labels[index] ?? '').padEnd(width)}  ${state.padEnd(8)}${took}`.trimEnd();
    })
    .join('\n');
}
