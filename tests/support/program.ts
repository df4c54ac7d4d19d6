/** The program that tests run as processes: the sources, or the executable that `UNDERSTUDY_EXECUTABLE` names. */
import { programOf } from '#packaging/lab/program.ts';

export const program = programOf(process.env['UNDERSTUDY_EXECUTABLE']);
