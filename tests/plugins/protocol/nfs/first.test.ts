import * as assert from 'uvu/assert';
import { suite } from '../../../support/suite.ts';
import { onStage } from './stage.ts';

const test = suite('nfs/first');

test('a file is created, written, read and found again', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    await nfs.null();
    const made = await nfs.create(root, 'hello');
    assert.is(made.status, 0);
    const file = made.object as Buffer;
    const data = Buffer.from('hello, world');
    const written = await nfs.write(file, 0, data);
    assert.is(written.count, data.length);
    const read = await nfs.read(file, 0, 100);
    assert.equal(read.data, data);
    assert.is(read.eof, true);
    const found = await nfs.lookup(root, 'hello');
    assert.equal(found.object, file);
    assert.is((await nfs.getattr(file)).attributes?.size, data.length);
    const big = Buffer.alloc(1024 * 1024, 3);
    assert.is((await nfs.write(file, 0, big)).count, big.length);
    assert.equal((await nfs.read(file, 0, big.length)).data, big);
    assert.equal(
      (await nfs.list(root)).map(({ name }) => name),
      ['hello'],
    );
  }));
