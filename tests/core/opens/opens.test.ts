import { join } from 'node:path';
import { runGolden } from '../../support/datadriven.ts';
import { suite } from '../../support/suite.ts';
import { OpensStage } from './opens-stage.ts';

const test = suite('opens');

const conversations: readonly (readonly [file: string, what: string])[] = [
  ['share-modes', 'opens share what they do, or are refused'],
  ['oplocks', 'oplocks come down as [MS-SMB2] §3.3.4.6 says'],
  ['leases', 'leases come down, go up and count as [MS-SMB2] §3.3.4.7 says'],
  ['deeds', 'what is done without opening asks others for what they cache'],
  ['locks', 'byte-range locks are granted, wait and end as [MS-FSA] §2.1.5.7 says'],
  ['delete', 'a file that is to go takes no new opens and goes with the last'],
  ['durable', 'opens without a connection wait, come back or give way'],
];

for (const [file, what] of conversations) {
  test(what, () => {
    const stage = new OpensStage();
    runGolden(join(import.meta.dirname, `../../golden/opens/${file}.txt`), (command) =>
      stage.answer(command),
    );
  });
}
