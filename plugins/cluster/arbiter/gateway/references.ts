/** Whether the rest of the network is there: any reference address that answers shows that it is. */
import type { Net } from '#core/ports/net.ts';

/** Rounds, and milliseconds a round: one lost packet must not decide, and a takeover must not take long. */
const TRIES = 3;
const TRY_MS_MAX = 250;

export interface Reference {
  /** The gateway, or another machine that is always on. */
  readonly address: string;
  /** Any TCP port; a refusal is an answer. */
  readonly port: number;
}

export async function anyAnswers(net: Net, references: readonly Reference[]): Promise<boolean> {
  for (let round = 0; round < TRIES; round += 1) {
    const answers = references.map(async ({ address, port }) => {
      if (!(await net.reaches(address, port, TRY_MS_MAX))) throw new Error('silent');
    });
    try {
      await Promise.any(answers);
      return true;
    } catch {
      // All of them are silent: the next round decides.
    }
  }
  return false;
}
