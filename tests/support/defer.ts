/** Imported before uvu: tells it, the only way it can be told, to leave the running of suites to `tests/run.ts`. */
declare global {
  var UVU_DEFER: number | undefined;
}

globalThis.UVU_DEFER = 1;
