// Sealing and opening: open(seal(x)) is x, and nothing that was changed opens (spec sections 6.4 and 8).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEnvelope } from '../../browser/src/envelope.js';
import { DoesNotOpen, NotAnEnvelope } from '../../browser/src/errors.js';
import { readPlaintext } from '../../browser/src/plaintext.js';
import { openEnvelope } from '../../browser/src/seal.js';
import { desk, entryOf, reporter, reportOf, stranger } from './world.js';

const { envelope } = await entryOf(1, reportOf());

test('the group and the reporter open an envelope, and nobody else does', async () => {
  for (const { identity } of [desk, reporter]) {
    assert.equal(readPlaintext(await openEnvelope(envelope, identity)).content.body.text, 'Bogført to gange');
  }
  await assert.rejects(openEnvelope(envelope, stranger.identity), DoesNotOpen);
});

test('an envelope has the shape that intake admits', () => {
  assert.deepEqual(checkEnvelope(envelope), { stanzas: 2, plaintext: 16384 });
});

test('an envelope with any flipped bit is refused', async () => {
  const header = 22 + 2 * 1557 + 48;
  const places = [0, 21, 22, 40, 1533, 1534, 1577, 22 + 1557, header - 45, header - 2, header - 1, header, header + 15, header + 16, envelope.length - 1];
  for (let at = 100; at < envelope.length; at += 401) places.push(at);
  for (const at of places) {
    const changed = envelope.with(at, envelope[at] ^ (1 << (at % 8)));
    await assert.rejects(openEnvelope(changed, reporter.identity), (error) => error instanceof DoesNotOpen || error instanceof NotAnEnvelope, `byte ${at}`);
  }
});

test('an envelope that is cut or lengthened is refused', async () => {
  const odd = [envelope.subarray(0, -1), envelope.subarray(0, 5000), new Uint8Array(), Buffer.concat([envelope, Buffer.alloc(1)])];
  for (const one of odd) {
    assert.throws(() => checkEnvelope(one), NotAnEnvelope);
    await assert.rejects(openEnvelope(one, reporter.identity), (error) => error instanceof DoesNotOpen || error instanceof NotAnEnvelope);
  }
});

test('an age file to another kind of recipient is no envelope', async () => {
  const text = Buffer.from(envelope).toString('latin1').replaceAll('mlkem768x25519', 'X25519');
  await assert.rejects(openEnvelope(Buffer.from(text, 'latin1'), reporter.identity), NotAnEnvelope);
});
