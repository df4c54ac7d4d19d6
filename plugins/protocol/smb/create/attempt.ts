/**
 * One try of a CREATE on a share of files: it is refused, it succeeds, or it must wait until others have given up what they
 * cache, and is then tried again from the start.
 */
import { make } from './make.ts';
import { openExisting } from './open-existing.ts';
import { type Attempt, refused, type Step } from './step.ts';
import { targetOf } from './target.ts';

export function attempt(trial: Attempt): Step {
  const target = targetOf(trial.call, trial.share, trial.request);
  if (!target.ok) return refused(target.error);
  return target.value.content === undefined
    ? make(trial, target.value)
    : openExisting(trial, target.value);
}
