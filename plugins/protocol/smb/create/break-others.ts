/** What others cache of a file is asked back before something is done to it ([MS-SMB2] §3.3.4.6, §3.3.4.7). */
import type { Deed } from '#core/opens/types.ts';
import type { Outcome, SmbCall } from '../command.ts';
import type { FileOpen } from '../open.ts';
import { STATUS_CANCELLED, STATUS_FILE_CLOSED } from '../status.ts';

/** Runs `go` at once where nobody is in the way, otherwise when the others have given way. */
export function breakOthers<Response>(
  call: SmbCall,
  open: FileOpen,
  deed: Deed,
  go: () => Outcome<Response> | Promise<Outcome<Response>>,
): Outcome<Response> | Promise<Outcome<Response>> {
  const wait = call.scene.opens.breakFor(open.held, deed, open.held);
  if (wait === undefined) return go();
  return new Promise((resolve, reject) => {
    const again = (): void => {
      if (open.isClosed) return resolve({ status: STATUS_FILE_CLOSED });
      try {
        const more = call.scene.opens.breakFor(open.held, deed, open.held);
        if (more === undefined) resolve(go());
        else cancel = more.then(again);
      } catch (error) {
        reject(error);
      }
    };
    let cancel = wait.then(again);
    call.pend(() => {
      cancel();
      resolve({ status: STATUS_CANCELLED });
    });
  });
}
