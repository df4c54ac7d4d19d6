/**
 * What a returning box has and the group has not, written down where its owner finds it: `aside/<view>-<position>`,
 * one JSON object a line with an entry's fields, body and data in base64. Nothing reads it but people and tools.
 */
import type { Disk } from '../ports/disk.ts';
import type { Entry, Position } from './entry.ts';
import type { ViewRun } from './messages.ts';
import type { StateMachine } from './state-machine.ts';

const FOLDER = 'aside';
/**
 * There while some box may have lost content that no log has, since a power cut: the position up to which none has. Boxes
 * that join fetch such content of later entries as the primary has it, until all are in sync.
 */
const SURE = 'sure-to';
/** There while this box lacks what it once acknowledged: its log, which would show it, was begun anew. */
const LACKING = 'lacks-entries';

/** Whether the group has this very entry. */
export function isGroups(entry: Entry, runs: readonly ViewRun[], end: Position): boolean {
  if (entry.position > end) return false;
  const run = runs.findLast((candidate) => candidate.from <= entry.position);
  return run?.view === entry.view;
}

/** Names of the files set aside so far. */
export function listAside(disk: Disk): readonly string[] {
  return disk.list(FOLDER).map((name) => `${FOLDER}/${name}`);
}

/** Appends one entry to the file named by `first`, the first of its kind. */
export function setAside(disk: Disk, state: StateMachine, first: Entry, entry: Entry): void {
  const file = disk.open(`${FOLDER}/${first.view}-${first.position}`);
  const data = entry.dataSize === 0 ? undefined : (entry.data ?? state.content(entry));
  const line = {
    position: entry.position,
    view: entry.view,
    commit: entry.commit,
    time: entry.time,
    stable: entry.stable,
    body: entry.body.toString('base64'),
    data: data?.toString('base64'),
  };
  file.append([Buffer.from(`${JSON.stringify(line)}\n`)]);
  file.close();
}

export function readSure(disk: Disk): Position | undefined {
  const bytes = disk.read(SURE);
  return bytes === undefined ? undefined : (Number(bytes.toString('latin1')) as Position);
}

export function writeSure(disk: Disk, sure: Position | undefined): void {
  if (sure === readSure(disk)) return;
  if (sure === undefined) disk.remove(SURE);
  else disk.replace(SURE, Buffer.from(String(sure), 'latin1'));
}

/** Whether a start before this one found the store empty and the log beginning too late, and no join has mended it. */
export function isLacking(disk: Disk): boolean {
  return disk.read(LACKING) !== undefined;
}

export function writeLacking(disk: Disk, lacks: boolean): void {
  if (lacks === isLacking(disk)) return;
  if (lacks) disk.replace(LACKING, Buffer.alloc(0));
  else disk.remove(LACKING);
}
