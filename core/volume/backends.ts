/** Where `fs/*` plugins put their factories and the group finds them by name. */
import { service } from '../services.ts';
import type { BackendFactory } from './backend.ts';

export class Backends {
  readonly #factories = new Map<string, BackendFactory>();

  add(factory: BackendFactory): void {
    this.#factories.set(factory.name, factory);
  }

  get(name: string): BackendFactory | undefined {
    return this.#factories.get(name);
  }

  names(): readonly string[] {
    return [...this.#factories.keys()].sort();
  }
}

export const BACKENDS = service<Backends>('fs');
