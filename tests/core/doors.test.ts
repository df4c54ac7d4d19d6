/** A frontend without anything to offer leaves its ports to others, and holds no address back. */
import * as assert from 'uvu/assert';
import { Doors, type DoorsDependencies } from '#core/doors.ts';
import { suite } from '../support/suite.ts';

const test = suite('core/doors');

test('ports are opened when there is something to offer, and an address waits for them only then', async () => {
  let offers = false;
  let isOpen = (_address: string): boolean => false;
  const listened: number[] = [];
  const doors = new Doors(
    [445],
    'SMB clients',
    {
      group: { serving: true, addresses: () => [{ address: '127.0.0.10', interface: '' }] },
      addresses: {
        listensAhead: () => true,
        door: (ask: (address: string) => boolean) => {
          isOpen = ask;
        },
      },
      net: {
        listen: ({ port }: { port: number }) => {
          listened.push(port);
          return Promise.resolve({ port, close: () => listened.splice(0) });
        },
      },
      log: { info() {}, error() {} },
      offers: () => offers,
    } as unknown as DoorsDependencies,
    () => {
      throw new Error('nobody connects here');
    },
  );
  doors.arrange();
  await undefined;
  assert.equal(listened, []);
  assert.ok(isOpen('127.0.0.10'), 'nothing is waited for');
  offers = true;
  assert.not(isOpen('127.0.0.10'), 'not listening yet');
  doors.arrange();
  await undefined;
  assert.equal(listened, [445]);
  assert.ok(isOpen('127.0.0.10'));
  offers = false;
  doors.arrange();
  assert.equal(listened, [], 'closed with the last share');
});
