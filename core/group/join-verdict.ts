/** Whether a box that comes back can be brought up to date from the log, and what of its own the group has. */
import type { Position, View } from './entry.ts';
import type { LogView } from './log.ts';
import type { ViewRun } from './messages.ts';

/** A sentence for the owner when it cannot. */
export function joinVerdict(
  log: LogView,
  commit: Position,
  box: { readonly applied: Position; readonly appliedView: View },
): string | undefined {
  if (box.applied > commit) {
    return `this box has applied entry ${box.applied}, but the group's log ends at ${commit}: it holds changes that the group lost`;
  }
  const view = log.viewAt(box.applied);
  if (view === undefined) {
    return `this box has applied entries up to ${box.applied}, but the group's log begins at ${log.first}: its content must be copied anew`;
  }
  if (view !== box.appliedView) {
    return `this box has applied entry ${box.applied} of view ${box.appliedView}, where the group has one of view ${view}: it holds changes that the group lost`;
  }
  return undefined;
}

/** The views of the entries after `after`, up to `last` or the end of the log. */
export function viewRuns(log: LogView, after: Position, last: Position): ViewRun[] {
  const runs: ViewRun[] = [];
  const end = Math.min(last, log.last);
  for (let position = after + 1; position <= end; position += 1) {
    const view = log.viewAt(position as Position) ?? (0 as View);
    if (runs.at(-1)?.view !== view) runs.push({ from: position as Position, view });
  }
  return runs;
}
