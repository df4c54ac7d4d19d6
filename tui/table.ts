/** Columns of text, for people. */

export interface Column<Row> {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly right?: boolean;
  cell(row: Row): string | number;
}

/** Heading and rows with two spaces between columns; empty where there are no rows. Ends with a line end. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const lines = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => plain(String(column.cell(row))))),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? '').length)),
  );
  const print = (line: readonly string[]): string =>
    line
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.right ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return `${lines.map(print).join('\n')}\n`;
}

/** Names and sentences come from elsewhere: nothing in them may steer the terminal. */
export function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes for people: `1.4 TiB`. */
export function printSize(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`;
}
