/** What a box that is killed did: each change before it is made, each answer after, in a file that outlives the process. */
import { openSync, readFileSync, writeSync } from 'node:fs';
import { Model, type Step } from './killed-model.ts';

type Line =
  | { readonly step: Step }
  | { readonly answer: number }
  /** A process began with that many changes. */
  | { readonly begin: number };

export interface Made {
  readonly model: Model;
  /** Files whose content a change under way may or may not have touched. */
  readonly touched: ReadonlySet<number>;
}

export class Journal {
  /** Changes answered: the highest number of all. */
  answered = 0;
  readonly #fd: number;
  #steps: Step[] = [];
  #waiting = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'a');
    for (const text of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
      this.#read(JSON.parse(text) as Line);
    }
  }

  get unanswered(): number {
    return this.#waiting;
  }

  step(number: number): Step | undefined {
    return this.#steps[number - 1];
  }

  /** The tree after the first `count` changes. */
  survived(count: number): Made {
    const model = new Model();
    for (const step of this.#steps.slice(0, count)) model.apply(step);
    const later = new Model();
    const touched = new Set<number>();
    for (const [index, step] of this.#steps.entries()) {
      const node = later.apply(step);
      if (index >= count && node !== undefined) touched.add(node.id);
    }
    return { model, touched };
  }

  begin(count: number): void {
    this.#steps.length = Math.min(this.#steps.length, count);
    this.#write({ begin: count });
  }

  issue(step: Step): number {
    this.#steps.push(step);
    this.#waiting += 1;
    this.#write({ step });
    return this.#steps.length;
  }

  answer(number: number): void {
    this.#waiting -= 1;
    this.#write({ answer: number });
  }

  #read(line: Line): void {
    if ('step' in line) this.#steps.push(line.step);
    else if ('answer' in line) this.answered = Math.max(this.answered, line.answer);
    else this.#steps.length = line.begin;
  }

  #write(line: Line): void {
    writeSync(this.#fd, `${JSON.stringify(line)}\n`);
  }
}
