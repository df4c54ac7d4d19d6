/** Holds a state directory until the test kills it. */
import { writeSync } from 'node:fs';
import { lockFolder } from '#plugins/host/lock.ts';

const [folder = ''] = process.argv.slice(2);
lockFolder(folder);
writeSync(1, 'locked\n');
setInterval(() => {}, 1000);
