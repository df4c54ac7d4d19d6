/**
 * The roles of a member, and which may follow which.
 *
 *     recovering ──in sync, nobody serves──▶ primary ◀──accepted── taking
 *         │  ▲                                 │  │                ▲  │
 *    others serve                   replaced   │  │ planned move   │  │ primary is there after all
 *         ▼                                    ▼  ▼        suspicion  ▼
 *      joining ◀──replaced, or does not fit── · backup ────────────┘
 *         └────────────── in sync again ───────▶ ┘
 *
 *     every role ──log does not fit, backend or disk refused──▶ out
 */
export type Role =
  /** Just started: does not know who serves. */
  | 'recovering'
  /** Not in sync: catches up from the primary. */
  | 'joining'
  /** In sync: follows the primary. */
  | 'backup'
  /** Suspects the primary: asks the arbiter for the next view. */
  | 'taking'
  | 'primary'
  /** Cannot take part; says why, and stays so until it is restarted. */
  | 'out';

export const NEXT_ROLES: Readonly<Record<Role, readonly Role[]>> = {
  recovering: ['joining', 'primary', 'out'],
  joining: ['backup', 'primary', 'out'],
  backup: ['joining', 'taking', 'primary', 'out'],
  taking: ['joining', 'backup', 'primary', 'out'],
  primary: ['joining', 'backup', 'out'],
  out: [],
};
