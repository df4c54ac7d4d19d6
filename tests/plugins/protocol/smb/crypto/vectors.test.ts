/** Published vectors: RFC 1320 §A.5, RFC 6229, RFC 4493 §4, and the examples of [MS-NLMP] §4.2. */
import { createSecretKey } from 'node:crypto';
import * as assert from 'uvu/assert';
import { firstSignature, ntHashOf } from '#plugins/protocol/smb/auth/ntlmv2.ts';
import { Cmac } from '#plugins/protocol/smb/crypto/cmac.ts';
import {
  CIPHER_AES128_CCM,
  CIPHER_AES128_GCM,
  CIPHER_AES256_CCM,
  CIPHER_AES256_GCM,
  type CipherId,
  ciphers,
  Opener,
  Sealer,
  transformSession,
} from '#plugins/protocol/smb/crypto/encryption.ts';
import { deriveKey, sessionKeys } from '#plugins/protocol/smb/crypto/kdf.ts';
import { md4 } from '#plugins/protocol/smb/crypto/md4.ts';
import { rc4 } from '#plugins/protocol/smb/crypto/rc4.ts';
import { Signer, type SigningAlgorithm } from '#plugins/protocol/smb/crypto/signing.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('smb/crypto');
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('MD4', () => {
  const rows = [
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ] as const;
  for (const [text, digest] of rows) assert.is(md4(Buffer.from(text)).toString('hex'), digest);
});

test('the NT hash of a password', () => {
  assert.is(ntHashOf('Password').toString('hex'), 'a4f49c406510bdcab6824ee7c30fd852');
});

test('RC4', () => {
  assert.is(
    rc4(hex('0102030405'), Buffer.alloc(16)).toString('hex'),
    'b2396305f03dc027ccc3524a0a1118a8',
  );
  const key = Buffer.from('Key');
  assert.is(rc4(key, Buffer.from('Plaintext')).toString('hex'), 'bbf316e8d940af0ad3');
  assert.is(rc4(key, rc4(key, Buffer.from('again'))).toString(), 'again');
});

const CMAC_KEY = createSecretKey(hex('2b7e151628aed2a6abf7158809cf4f3c'));
const CMAC_TEXT = hex(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
);

test('AES-128-CMAC', () => {
  const cmac = new Cmac(CMAC_KEY);
  const rows = [
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ] as const;
  for (const [size, mac] of rows) {
    assert.is(cmac.digest([CMAC_TEXT.subarray(0, size)]).toString('hex'), mac, `${size} bytes`);
  }
});

test('AES-128-CMAC does not care how its message is cut', () => {
  const cmac = new Cmac(CMAC_KEY);
  const whole = cmac.digest([CMAC_TEXT.subarray(0, 61)]);
  for (let first = 0; first <= 61; first += 1) {
    for (const second of [first, Math.min(first + 5, 61), 61]) {
      const cuts = [
        CMAC_TEXT.subarray(0, first),
        CMAC_TEXT.subarray(first, second),
        CMAC_TEXT.subarray(second, 61),
      ];
      assert.equal(cmac.digest(cuts), whole, `${first}, ${second}`);
    }
  }
});

test('SP800-108 in counter mode, as one step of HMAC says it', () => {
  // Key, label and context of a session of 3.0 that Microsoft published, with its keys.
  const key = hex('7cd451825d0450d235424e44ba6e78cc');
  const sign = deriveKey(key, Buffer.from('SMB2AESCMAC\0'), Buffer.from('SmbSign\0'), 16);
  assert.is(sign.toString('hex'), '0b7e9c5cac36c0f6ea9ab275298cedce');
  const keys = sessionKeys(0x0300, key, Buffer.alloc(64), 16);
  assert.is(keys.signing.export().toString('hex'), '0b7e9c5cac36c0f6ea9ab275298cedce');
});

test('NTLM signs what is under mechListMIC', () => {
  // [MS-NLMP] §4.2.4.4: GSS_WrapEx with extended session security and key exchange.
  const sessionKey = Buffer.alloc(16, 0x55);
  const text = Buffer.from('Plaintext', 'utf16le');
  const { length } = firstSignature('client', sessionKey, true, text);
  assert.is(length, 16);
  assert.not.equal(
    firstSignature('client', sessionKey, true, text),
    firstSignature('server', sessionKey, true, text),
  );
});

function message(): Buffer {
  const bytes = Buffer.alloc(64 + 40, 7);
  hex('fe534d4240000000').copy(bytes);
  bytes.writeUInt32LE(1, 16);
  bytes.writeBigUInt64LE(5n, 24);
  return bytes;
}

test('what is signed verifies, and no longer when a bit of it differs', () => {
  for (const algorithm of [0, 1, 2] satisfies SigningAlgorithm[]) {
    const signer = new Signer(algorithm, CMAC_KEY);
    const signed = message();
    signer.sign(signed);
    assert.ok(signer.verifies(signed), `algorithm ${algorithm}`);
    for (const at of [12, 30, 50, 63, 64, 103]) {
      const odd = Buffer.from(signed);
      odd[at] = (odd[at] as number) ^ 1;
      assert.not.ok(signer.verifies(odd), `algorithm ${algorithm}, byte ${at}`);
    }
  }
});

test('what is sealed opens with the key, and no longer when a bit of it differs', () => {
  const ids: readonly CipherId[] = [
    CIPHER_AES128_CCM,
    CIPHER_AES128_GCM,
    CIPHER_AES256_CCM,
    CIPHER_AES256_GCM,
  ];
  for (const id of ids) {
    const key = createSecretKey(Buffer.alloc(ciphers[id].keySize, 3));
    const sealer = new Sealer(id, key, 77n);
    const opener = new Opener(id, key);
    const sealed = Buffer.concat(sealer.seal(message()));
    assert.is(transformSession(sealed), 77n);
    assert.equal(opener.open(sealed), message());
    assert.not.equal(Buffer.concat(sealer.seal(message())), sealed);
    for (const at of [5, 20, 45, 52, sealed.length - 1]) {
      const odd = Buffer.from(sealed);
      odd[at] = (odd[at] as number) ^ 1;
      assert.throws(() => opener.open(odd), /encrypted message/, `cipher ${id}, byte ${at}`);
    }
    assert.throws(() => opener.open(sealed.subarray(0, 60)), /transform header/);
  }
});
