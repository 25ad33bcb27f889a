// Receipts in a box, and the proof that one makes (spec section 6.4). The refusals one by one are in spec/vectors/receipts.json.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { hex, sha256, unbase64 } from '../../browser/src/bytes.js';
import { readJson } from '../../browser/src/canonical.js';
import { readCard } from '../../browser/src/card.js';
import { deliverReport, openMailbox, openOwnBox, prepareReport, systemRandom } from '../../browser/src/dialogue.js';
import { BadSignature, NotAReceipt } from '../../browser/src/errors.js';
import { parseReceipt, readReceipt } from '../../browser/src/receipt.js';
import { Door } from './door.js';
import { card, cardText, DAY, known, receiptKey, receiptOf, reporter, rootFingerprint, signCard, stranger, voice } from './world.js';

let door;
beforeEach(async () => { door = await new Door().open(); });
afterEach(() => door.close());

const prepared = await prepareReport({ card, groupId: 'risk', text: 'Bogført', language: 'da', answers: [] }, systemRandom, DAY);
const own = { box: hex(prepared.keys.boxId) };
const put = (receipt) => door.put(3, Buffer.from(prepared.keys.boxId), Buffer.from(receipt));
const open = (known = { card }) => openMailbox(prepared.code, known, door.intake);

test('a receipt stands with exactly what arrived, and is no part of the thread', async () => {
  await deliverReport(prepared, door.intake);
  put(receiptOf(prepared.envelope, own));
  const mailbox = await openOwnBox(prepared.keys, { card }, door.intake);
  assert.deepEqual(mailbox.thread.items.map(({ verdict, receipt }) => [verdict, receipt]), [['verified', { day: DAY }]]);
  const after = await mailbox.reply('Tak', DAY);
  assert.deepEqual(after.thread.items.map(({ receipt }) => receipt), [{ day: DAY }, null]);
});

test('a receipt that is another\'s, of something else, or not of the desk is none', async () => {
  await deliverReport(prepared, door.intake);
  const flipped = Buffer.from(receiptOf(prepared.envelope, own));
  flipped[flipped.length - 10] ^= 1;
  for (const wrong of [
    receiptOf(prepared.envelope), receiptOf(Buffer.from('something else'), own), receiptOf(prepared.envelope, { ...own, seed: voice.signingSeed }),
    receiptOf(prepared.envelope, { ...own, seed: voice.signingSeed, key: hex(voice.signingPublic) }), flipped,
    receiptOf(prepared.envelope, { ...own, day: '2026-10-31' }), receiptOf(prepared.envelope, { ...own, instance: '00'.repeat(16) }),
    Buffer.from('a receipt'),
  ]) put(wrong);
  const mailbox = await open();
  assert.deepEqual(mailbox.thread.items.map(({ receipt }) => receipt), [null]);
  assert.equal(mailbox.fileReceipts.size, 0);
  assert.equal(await mailbox.proof(), null);
});

test('of two receipts the first counts', async () => {
  await deliverReport(prepared, door.intake);
  put(receiptOf(prepared.envelope, own));
  put(receiptOf(prepared.envelope, { ...own, day: '2026-11-22' }));
  assert.deepEqual((await open()).thread.items[0].receipt, { day: DAY });
});

test('a revoked receipt key makes no receipt', async () => {
  await deliverReport(prepared, door.intake);
  put(receiptOf(prepared.envelope, own));
  const revoked = readCard(signCard(cardText({ revoked: [hex(receiptKey.signingPublic)] })), known);
  assert.equal((await open({ card: revoked })).thread.items[0].receipt, null);
});

test('the receipt of a file is found by its sealed hash, once the file is announced', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await open();
  const file = await mailbox.transfer(new Blob(['bilag']), { name: 'bilag.txt', type: 'text/plain' }, DAY).run();
  put(receiptOf(door.whole(file.id), own));
  assert.equal((await mailbox.reread()).fileReceipts.get(file.sealed), undefined);
  const after = await mailbox.announce([file], DAY);
  assert.equal(after.fileReceipts.get(file.sealed), DAY);
});

test('any flipped bit of a receipt is refused', () => {
  const receipt = receiptOf(prepared.envelope);
  const found = { box: hex(reporter.boxId), there: new Set([hex(sha256(prepared.envelope))]), card };
  assert.equal(readReceipt(receipt, found).day, DAY);
  for (let at = 0; at < receipt.length; at += 5) {
    const changed = receipt.with(at, receipt[at] ^ (1 << (at % 8)));
    if (/^card: /m.exec(parsed(changed)?.text ?? '') === null) assert.throws(() => parseReceipt(changed), NotAReceipt);
    assert.throws(() => readReceipt(changed, found), (error) => error instanceof NotAReceipt || error instanceof BadSignature);
  }
});

function parsed(bytes) {
  try {
    return parseReceipt(bytes);
  } catch {
    return null;
  }
}

test('a proof holds what a stranger needs, and of the code only the one file key', async () => {
  await deliverReport(prepared, door.intake);
  const receipt = receiptOf(prepared.envelope, own);
  put(receipt);
  const proof = readJson(await (await open()).proof());
  assert.deepEqual(Object.keys(proof), ['protocol', 'fingerprint', 'card', 'envelope', 'file_key', 'receipt']);
  assert.equal(proof.protocol, 'whistle/1 proof');
  assert.equal(proof.fingerprint, rootFingerprint);
  assert.equal(proof.card, Buffer.from(signCard(cardText())).toString());
  assert.deepEqual(unbase64(proof.envelope), prepared.envelope);
  assert.match(proof.file_key, /^[0-9a-f]{32}$/);
  assert.equal(proof.receipt, Buffer.from(receipt).toString());
  const text = JSON.stringify(proof);
  for (const secret of [prepared.code, prepared.keys.identity, hex(prepared.keys.signingSeed), hex(prepared.keys.accessToken)]) assert.ok(!text.includes(secret));
  assert.ok(!text.includes(hex(stranger.signingSeed)));
});
