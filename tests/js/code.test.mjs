// The case code: its check group, its mending, its generator (spec section 5).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCode, generateCode, readCode } from '../../browser/src/code.js';
import { CodeHasBadCharacter, CodeMistyped } from '../../browser/src/errors.js';
import { RUDE } from '../../browser/src/rude.js';

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
const CODE = Uint8Array.from({ length: 16 }, (_, i) => 37 * i + 11);
const written = formatCode(CODE);

/** Every text that differs from the code in one letter. */
function* singleErrors() {
  for (let at = 0; at < written.length; at++) {
    if (written[at] === '-') continue;
    for (const letter of VOWELS.includes(written[at]) ? VOWELS : CONSONANTS) {
      if (letter !== written[at]) yield written.slice(0, at) + letter + written.slice(at + 1);
    }
  }
}

test('each of the 459 single wrong letters is mended to the one right code', () => {
  const wrong = [...singleErrors()];
  assert.equal(wrong.length, 459);
  for (const text of wrong) {
    assert.throws(() => readCode(text), (error) => error instanceof CodeMistyped && error.suggestion === written);
  }
});

test('two groups that changed places are noticed', () => {
  const groups = written.split('-');
  for (let i = 0; i < 9; i++) {
    for (let j = i + 1; j < 9; j++) {
      const swapped = groups.with(i, groups[j]).with(j, groups[i]).join('-');
      assert.throws(() => readCode(swapped), CodeMistyped);
    }
  }
});

test('what is written is read again, in capitals and without hyphens too', () => {
  assert.deepEqual(readCode(written), CODE);
  assert.deepEqual(readCode(written.toUpperCase().replaceAll('-', '  \n')), CODE);
});

test('the Kelvin sign is no k, though it becomes one in lower case', () => {
  const code = formatCode(Uint8Array.from([0x60, ...new Uint8Array(15)]));
  assert.ok(code.includes('k'));
  assert.throws(() => readCode(code.replace('k', '\u212a')), CodeHasBadCharacter);
});

test('a code with a rude group is discarded whole', () => {
  const rude = readCode(mend('nazib-babab-babab-babab-babab-babab-babab-babab-babab'));
  const draws = [rude, CODE];
  assert.deepEqual(generateCode(() => draws.shift()), CODE);
  assert.equal(draws.length, 0);
});

test('the rude list is sorted, without doubles, and made of what can stand in a group', () => {
  assert.deepEqual(RUDE, [...new Set(RUDE)].sort());
  const stands = (letters) => letters.length <= 5 && [...letters].every((letter, i) => (i % 2 ? VOWELS : CONSONANTS).includes(letter));
  assert.deepEqual(RUDE.filter((rude) => !stands(rude) && !stands(`b${rude}`)), []);
});

/** The same eight groups with the check group that fits them. */
function mend(text) {
  const bits = (group) => [...group].reduce((sum, letter, i) => {
    const letters = i % 2 ? VOWELS : CONSONANTS;
    return (sum << (i % 2 ? 2 : 4)) | letters.indexOf(letter);
  }, 0);
  return formatCode(Uint8Array.from(text.split('-').slice(0, 8).flatMap((group) => [bits(group) >> 8, bits(group) & 255])));
}
