// An identity under two seals: sealed for the rings of a group alone, of one length, with the report or later (spec section 6.4).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decrypter } from '../../browser/node_modules/age-encryption/dist/index.js';
import { hex, unbase64 } from '../../browser/src/bytes.js';
import { groupOf, readCard } from '../../browser/src/card.js';
import { prepareReport, systemRandom } from '../../browser/src/dialogue.js';
import { CardHasEnded, IdentityEmpty, IdentityTooLong, NoRings, NotCanonical, RecipientRevoked } from '../../browser/src/errors.js';
import { padIdentity, sealIdentity } from '../../browser/src/identity.js';
import { readPlaintext } from '../../browser/src/plaintext.js';
import { openEnvelope } from '../../browser/src/seal.js';
import { card, cardText, DAY, desk, known, ringed, rings, signCard, stranger } from './world.js';

const [a, b] = rings;
const group = groupOf(ringed, 'risk');
const given = { name: 'Søren Ærlig', contact: '20 12 34 56' };
const report = { card: ringed, groupId: 'risk', text: 'Bogført to gange', language: 'da', answers: [] };

async function open(file, { identity }) {
  const age = new Decrypter();
  age.addIdentity(identity);
  return age.decrypt(file);
}

test('ring A and then ring B open an identity, and it is what was given', async () => {
  const inner = await open(unbase64(await sealIdentity(given, group)), a);
  assert.deepEqual(await open(inner, b), padIdentity(given));
});

test('neither ring alone opens an identity, in either order', async () => {
  const file = unbase64(await sealIdentity(given, group));
  await assert.rejects(open(file, b));
  await assert.rejects(open(file, stranger));
  const inner = await open(file, a);
  await assert.rejects(open(inner, a));
  assert.ok(!Buffer.from(inner).includes('20 12 34 56'));
});

test('every identity has one length, whatever was given', async () => {
  for (const one of [given, { name: 'S', contact: '' }, { name: '', contact: 'x'.repeat(1000) }]) {
    assert.equal((await sealIdentity(one, group)).length, 5790);
  }
});

test('an identity of nothing, too much or half a character is not sealed', async () => {
  await assert.rejects(sealIdentity({ name: '', contact: '' }, group), IdentityEmpty);
  await assert.rejects(sealIdentity({ name: 'x'.repeat(1024), contact: '' }, group), IdentityTooLong);
  await assert.rejects(sealIdentity({ name: '\ud800', contact: '' }, group), NotCanonical);
});

test('a group without rings takes no identity', async () => {
  await assert.rejects(sealIdentity(given, groupOf(card, 'risk')), NoRings);
  await assert.rejects(prepareReport({ ...report, card, identity: given }, systemRandom, DAY), NoRings);
});

test('no identity is sealed to a ring that was revoked, nor to an ended card', async () => {
  for (const ring of rings) {
    const revoking = readCard(signCard(cardText({ rings, revoked: [hex(ring.recipientDigest)] })), known);
    await assert.rejects(prepareReport({ ...report, card: revoking, identity: given }, systemRandom, DAY), RecipientRevoked);
    await prepareReport({ ...report, card: revoking }, systemRandom, DAY);
  }
  await assert.rejects(prepareReport({ ...report, identity: given }, systemRandom, '2027-01-31'), CardHasEnded);
});

test('a report with an identity looks from outside like one without, and holds it for both rings alone', async () => {
  const text = 'x'.repeat(12_000); // with an identity beside it too long for the smallest size
  const [named, unnamed, unsaid] = await Promise.all([given, null, undefined].map((identity) => prepareReport({ ...report, text, identity }, systemRandom, DAY)));
  assert.equal(named.envelope.length, unnamed.envelope.length);
  assert.equal(named.envelope.length, unsaid.envelope.length);
  const { content } = readPlaintext(await openEnvelope(named.envelope, desk.identity));
  assert.deepEqual(await open(await open(unbase64(content.body.identity), a), b), padIdentity(given));
  for (const { envelope } of [unnamed, unsaid]) assert.equal(readPlaintext(await openEnvelope(envelope, desk.identity)).content.body.identity, null);
});
