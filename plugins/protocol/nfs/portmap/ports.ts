/** What is reached at which port: what portmap and rpcbind tell, and nothing that anybody could register. */
export interface PortRow {
  readonly program: number;
  readonly version: number;
  readonly port: number;
}

export class PortTable {
  #rows: readonly PortRow[] = [];

  set(rows: readonly PortRow[]): void {
    this.#rows = rows;
  }

  rows(): readonly PortRow[] {
    return this.#rows;
  }

  /** The port of a version; of an unknown version that of the program, for the program then says which it knows. */
  find(program: number, version: number): PortRow | undefined {
    const rows = this.#rows.filter((row) => row.program === program);
    return rows.find((row) => row.version === version) ?? rows[0];
  }
}
