/** Waits for others to give way, as often as it takes, and lets the client cancel it. */
import type { Cancel, Wait } from '#core/opens/types.ts';
import type { Outcome, SmbCall } from '../command.ts';
import { STATUS_CANCELLED } from '../status.ts';

/** @param again Tries once more: its outcome, or what it must wait for now. */
export function untilFree<Response>(
  call: SmbCall,
  first: Wait,
  again: () =>
    | { readonly outcome: Outcome<Response> | Promise<Outcome<Response>> }
    | { readonly wait: Wait },
): Promise<Outcome<Response>> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let cancel: Cancel = () => {};
    const waitFor = (wait: Wait): void => {
      let hasRun = false;
      const stop = wait.resume(() => {
        hasRun = true;
        if (isOver) return;
        try {
          const step = again();
          if ('wait' in step) return void waitFor(step.wait);
          isOver = true;
          resolve(step.outcome);
        } catch (error) {
          isOver = true;
          reject(error);
        }
      });
      if (!hasRun) cancel = stop;
    };
    waitFor(first);
    if (isOver) return;
    call.pend(() => {
      if (isOver) return;
      isOver = true;
      cancel();
      resolve({ status: STATUS_CANCELLED });
    });
  });
}
