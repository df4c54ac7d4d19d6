/** `understudy doctor`: checks what this machine lacks, and says how to get it. */
import type { CommandModule } from 'yargs';
import { type Finding, judge } from '../doctor.ts';
import { gatherFacts } from '../machine.ts';
import { directoryOf, dirOption, jsonOption, type Place } from '../place.ts';
import type { Shell } from '../shell.ts';
import { type Column, table } from '../table.ts';

const COLUMNS: readonly Column<Finding>[] = [
  { title: 'LEVEL', cell: (row) => row.level },
  { title: 'CHECK', cell: (row) => row.check },
  { title: 'FINDING', cell: (row) => row.sentence },
];

export function doctorCommand(
  shell: Shell,
): CommandModule<object, Place & { readonly json: boolean }> {
  return {
    command: 'doctor',
    describe: 'Check what this machine lacks, and say how to get it',
    builder: (args) =>
      args
        .options({ ...jsonOption, dir: dirOption })
        .epilogue('Exit code 1 when a check says fail.') as never,
    handler: async (args) => {
      const { seconds } = shell.runner.wall();
      const searchPath = shell.environment['PATH'] ?? '';
      const findings = judge(await gatherFacts(directoryOf(shell, args), seconds, searchPath));
      shell.out(args.json ? `${JSON.stringify(findings)}\n` : table(COLUMNS, findings));
      if (findings.some(({ level }) => level === 'fail')) shell.code = 1;
    },
  };
}
