/** Who asks: credentials after squashing, which is the protocol frontend's and the export's business. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

export const ROOT_CALLER: Caller = { uid: 0, gid: 0, groups: [] };
