/** What others cache of a file is asked back before something is done to it ([MS-SMB2] §3.3.4.6, §3.3.4.7). */
import type { Deed } from '#core/opens/types.ts';
import type { Outcome, SmbCall } from '../command.ts';
import type { FileOpen } from '../open.ts';
import { STATUS_FILE_CLOSED } from '../status.ts';
import { untilFree } from './until-free.ts';

/** Runs `go` at once where nobody is in the way, otherwise when the others have given way. */
export function breakOthers<Response>(
  call: SmbCall,
  open: FileOpen,
  deed: Deed,
  go: () => Outcome<Response> | Promise<Outcome<Response>>,
): Outcome<Response> | Promise<Outcome<Response>> {
  const { opens } = call.scene;
  const wait = opens.breakFor(open.held, deed, open.held);
  if (wait === undefined) return go();
  return untilFree(call, wait, () => {
    if (open.isClosed) return { outcome: { status: STATUS_FILE_CLOSED } };
    const more = opens.breakFor(open.held, deed, open.held);
    return more === undefined ? { outcome: go() } : { wait: more };
  });
}
