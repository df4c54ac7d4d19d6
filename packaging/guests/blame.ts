/**
 * Tells whose an error is: everything that a guest sets going carries the guest's id, and what it throws at us from a
 * callback is laid at its door instead of ours. A backend or frontend of a guest is called as ours are: what breaks in
 * the middle of a change cannot be told apart from a disk that fails, and stops the box.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { CONTROL } from '#core/control.ts';
import type { Plugin } from '#core/plugin.ts';

const guest = new AsyncLocalStorage<string>();

/** The guest that runs now, in the handler of an uncaught error as well. */
export function guestNow(): string | undefined {
  return guest.getStore();
}

/** The same plugin; its start, and timers, sockets and promises that come of it, are known as its own. */
export function marked(plugin: Plugin): Plugin {
  const { id } = plugin;
  return {
    ...plugin,
    start: (context) =>
      guest.run(id, () =>
        plugin.start({
          ...context,
          // Whoever asks through the control socket is told what a method of it throws: that is how it refuses.
          get: (key) =>
            key.name === CONTROL.name ? context.get(key) : guarded(id, context.get(key)),
        }),
      ),
  };
}

/** The service with each function that it is handed wrapped: those are the guest's, and run inside of our calls. */
function guarded<T>(id: string, value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    // A class with private parts knows only itself, so getters and methods are its own and not the proxy's.
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) =>
        member.apply(
          target,
          args.map((arg) => (typeof arg === 'function' ? callback(id, arg as GuestFunction) : arg)),
        );
    },
  });
}

type GuestFunction = (...args: unknown[]) => unknown;

function callback(id: string, run: GuestFunction): GuestFunction {
  return (...args) =>
    guest.run(id, () => {
      try {
        return run(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
        return undefined;
      }
    });
}
