// The key card as a reader meets it (spec section 4). The refusals one by one are in spec/vectors/card.json.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../../browser/src/bytes.js';
import { readCard, refuseEnded, voicesOf } from '../../browser/src/card.js';
import { CardForged, CardHasEnded, CardMalformed, CardNotFromThisRoot, CardOfAnotherInstance, RecipientRevoked, WhistleError } from '../../browser/src/errors.js';
import { prepareReport, systemRandom } from '../../browser/src/dialogue.js';
import { card, cardText, DAY, desk, known, rootFingerprint, signCard, stranger, voice } from './world.js';

test('a card is good through the day on which it ends', () => {
  assert.equal(readCard(signCard(cardText()), { ...known, today: '2027-01-30' }).ends, '2027-01-30');
  assert.throws(() => readCard(signCard(cardText()), { ...known, today: '2027-01-31' }), CardHasEnded);
});

test('an ended card is read for reading, and everything else of it is still checked', () => {
  const { today, ...reading } = known;
  const ended = readCard(signCard(cardText()), reading);
  assert.throws(() => refuseEnded(ended, '2027-01-31'), (error) => error instanceof CardHasEnded && error.ends === '2027-01-30');
  assert.throws(() => readCard(signCard(cardText(), stranger.signingSeed), reading), CardForged);
  assert.throws(() => readCard(signCard(cardText()), { ...reading, rootFingerprint: '00'.repeat(32) }), CardNotFromThisRoot);
  assert.throws(() => readCard(signCard(cardText()), { ...reading, instance: '00'.repeat(16) }), CardOfAnotherInstance);
});

test('a card of another root is refused', () => {
  const other = cardText().replace(/root: .*/, `root: ${hex(stranger.signingPublic)}`);
  assert.throws(() => readCard(signCard(other, stranger.signingSeed), known), CardNotFromThisRoot);
});

test('a card that names the root and is signed by another is refused', () => {
  assert.throws(() => readCard(signCard(cardText(), stranger.signingSeed), known), CardForged);
});

test('a true card of another instance is refused', () => {
  assert.throws(() => readCard(signCard(cardText({ instance: '00'.repeat(16) })), known), CardOfAnotherInstance);
});

test('a card with anything after it is refused', () => {
  assert.throws(() => readCard(Buffer.concat([signCard(cardText()), Buffer.from('\n')]), known), CardMalformed);
});

test('any changed byte of a card is refused by name', () => {
  const bytes = signCard(cardText());
  for (let i = 0; i < bytes.length; i += 7) {
    assert.throws(() => readCard(bytes.with(i, bytes[i] ^ 1), known), WhistleError);
  }
});

test('a revoked voice is no voice', () => {
  const revoked = readCard(signCard(cardText({ revoked: [hex(voice.signingPublic)] })), known);
  assert.deepEqual(voicesOf(revoked, revoked.groups[0]), []);
});

test('nothing is sealed to a revoked recipient', async () => {
  const revoked = readCard(signCard(cardText({ revoked: [hex(desk.recipientDigest)] })), known);
  const report = { card: revoked, groupId: 'risk', text: 'x', language: 'da', answers: [] };
  await assert.rejects(prepareReport(report, systemRandom, DAY), RecipientRevoked);
});

test('a card cannot be changed', () => {
  assert.throws(() => { card.groups[0].recipient.text = ''; }, TypeError);
  assert.equal(rootFingerprint.length, 64);
});
