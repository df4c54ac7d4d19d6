/** Typed keys under which one plugin offers what another needs. */
declare const offered: unique symbol;

export interface ServiceKey<T> {
  readonly name: string;
  readonly [offered]?: T;
}

export function service<T>(name: string): ServiceKey<T> {
  return { name };
}

/** What was offered so far. Offering twice or asking for what is missing is a bug in a plugin's declaration. */
export class Services {
  readonly #offers = new Map<string, unknown>();

  offer<T>(key: ServiceKey<T>, value: T): void {
    if (this.#offers.has(key.name)) throw new Error(`service ${key.name}: offered twice`);
    this.#offers.set(key.name, value);
  }

  get<T>(key: ServiceKey<T>): T {
    if (!this.#offers.has(key.name)) throw new Error(`service ${key.name}: nobody offers it`);
    return this.#offers.get(key.name) as T;
  }

  has(key: ServiceKey<unknown>): boolean {
    return this.#offers.has(key.name);
  }

  withdraw<T>(key: ServiceKey<T>): void {
    this.#offers.delete(key.name);
  }
}
