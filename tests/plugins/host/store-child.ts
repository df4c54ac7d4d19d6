/** Commits without end and prints each number once it is committed; the test kills it. */
import { writeSync } from 'node:fs';
import { SILENT } from '#core/log-line.ts';
import { boot } from '#plugins/host/boot.ts';
import { openStore } from '#plugins/host/store.ts';

const [path = ''] = process.argv.slice(2);
const store = await openStore({ path, boot: boot(), log: SILENT });
for (let count = 1; ; count += 1) {
  store.commit([{ key: 'count', value: Buffer.from(String(count)) }]);
  writeSync(1, `${count}\n`);
}
