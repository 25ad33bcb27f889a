// Proof of work (spec section 8).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, sha256, utf8 } from '../../browser/src/bytes.js';
import { ProofTooHard, UnexpectedAnswer } from '../../browser/src/errors.js';
import { findProof, zeroBits } from '../../browser/src/proof.js';

test('a proof that is found holds', async () => {
  for (const difficulty of [0, 1, 7, 8, 9, 13]) {
    const proof = await findProof('abc.DEF-1_2', difficulty);
    assert.equal(proof.length, 8);
    assert.ok(zeroBits(sha256(concat(utf8('abc.DEF-1_2'), proof))) >= difficulty);
  }
});

test('the page stays alive while a proof is looked for', async () => {
  let turns = 0;
  const turn = setInterval(() => turns++);
  await findProof('alive', 16);
  clearInterval(turn);
  assert.ok(turns > 0);
});

test('a wish that nobody could fulfil is refused', async () => {
  for (const difficulty of [-1, 1.5, NaN, Infinity]) await assert.rejects(findProof('abc', difficulty), UnexpectedAnswer);
});

test('a proof that would keep the device busy for hours is not looked for', async () => {
  for (const difficulty of [23, 32, 33]) await assert.rejects(findProof('abc', difficulty), ProofTooHard);
});

test('a challenge with another character, none, or too many is refused', async () => {
  for (const challenge of ['', 'a b', 'æ', 'a\n', 'a'.repeat(513)]) await assert.rejects(findProof(challenge, 1), UnexpectedAnswer);
});
