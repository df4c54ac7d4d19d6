/**
 * The three functions of the decorators' metadata proposal that `@peculiar/x509`'s container asks for when it is
 * loaded; a whole polyfill would be one more package for them. Imported for its effect, before that package.
 */
const known = new WeakMap<object, Map<unknown, unknown>>();

const functions = {
  defineMetadata(key: unknown, value: unknown, target: object): void {
    const own = known.get(target) ?? new Map<unknown, unknown>();
    known.set(target, own.set(key, value));
  },
  getOwnMetadata(key: unknown, target: object): unknown {
    return known.get(target)?.get(key);
  },
  getMetadata(key: unknown, target: object): unknown {
    for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
      if (known.get(at)?.has(key)) return functions.getOwnMetadata(key, at);
    }
    return undefined;
  },
};

if (!('getMetadata' in Reflect)) Object.assign(Reflect, functions);
