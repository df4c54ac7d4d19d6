import { runGolden } from '../../support/datadriven.ts';
import { suite } from '../../support/suite.ts';
import { Stage } from './replica-stage.ts';

const test = suite('core/group/replica');

for (const name of ['takeover', 'lease', 'eviction', 'join', 'move', 'doubt', 'recovery']) {
  test(`golden conversation: ${name}`, () => {
    let stage = new Stage();
    runGolden(`tests/golden/group/${name}.txt`, (command) => {
      if (command.name === 'start') stage = new Stage();
      const effects = stage.answer(command);
      return command.words.includes('show') ? `${effects}\n= ${stage.situation}` : effects;
    });
  });
}
