import * as assert from 'uvu/assert';
import { SmbWriter } from '#plugins/protocol/smb/wire/writer.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('plugins/protocol/smb/wire/writer');

test('grows under each kind of value', () => {
  const kinds: readonly ((to: SmbWriter) => void)[] = [
    (to) => to.u8(0xa5),
    (to) => to.u16(0xa5a5),
    (to) => to.u32(0xa5a5_a5a5),
    (to) => to.u64(0xa5a5_a5a5_a5a5_a5a5n),
    (to) => to.raw(Buffer.from([0xa5, 0xa5])),
    (to) => to.hole(3).fill(0xa5),
  ];
  for (const write of kinds) {
    const to = new SmbWriter(4096, 1);
    for (let i = 0; i < 100; i++) write(to);
    assert.ok(to.finish().every((byte) => byte === 0xa5));
    assert.ok(to.offset >= 100);
  }
});
