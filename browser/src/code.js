// @ts-check
// The case code: 16 random bytes as nine pronounceable groups, of which the last checks the others (spec section 5).
// Draws nothing by itself, sends nothing, keeps nothing.

import { CODE_ALPHA, CODE_BYTES, CODE_GROUPS, CODE_POLYNOMIAL } from './constants.js';
import { CodeHasBadCharacter, CodeHasWrongLength, CodeMistyped } from './errors.js';
import { RUDE } from './rude.js';

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
export const GROUP_LETTERS = 5;
const LETTERS = GROUP_LETTERS * (CODE_GROUPS + 1);
/** For each letter of a group: which letters may stand there, and by how many bits its value is shifted. */
const PLACES = /** @type {const} */ ([[CONSONANTS, 12], [VOWELS, 10], [CONSONANTS, 6], [VOWELS, 4], [CONSONANTS, 0]]);

/**
 * A new case code. One with a rude group is discarded whole, so that every other is as likely as before.
 * @param {(n: number) => Uint8Array} random
 * @returns {Uint8Array} CODE_BYTES
 */
export function generateCode(random) {
  for (;;) {
    const bytes = random(CODE_BYTES);
    const groups = formatCode(bytes).split('-');
    if (!groups.some((group) => RUDE.some((rude) => group.includes(rude)))) return bytes;
  }
}

/**
 * @param {Uint8Array} bytes CODE_BYTES
 * @returns {string} nine groups joined by hyphens, 53 characters
 */
export function formatCode(bytes) {
  const groups = groupsOf(bytes);
  return formatGroups([...groups, checkOf(groups)]);
}

/**
 * @param {string} text as typed
 * @returns {Uint8Array} CODE_BYTES
 * @throws {CodeHasBadCharacter | CodeHasWrongLength | CodeMistyped}
 */
export function readCode(text) {
  const groups = readGroups(text);
  const code = groups.slice(0, CODE_GROUPS);
  const syndrome = checkOf(code) ^ (groups[CODE_GROUPS] ?? 0);
  if (syndrome !== 0) throw new CodeMistyped(mend(groups, syndrome));
  return Uint8Array.from(code.flatMap((group) => [group >>> 8, group & 0xff]));
}

/**
 * @param {string} text
 * @returns {number[]} nine values of 16 bits
 */
function readGroups(text) {
  /** @type {{letter: string, typed: string, position: number}[]} */
  const letters = [];
  [...text].forEach((typed, i) => {
    const position = i + 1;
    if (' \r\n-.,_'.includes(typed)) return;
    // Not toLowerCase() of anything: that of the Kelvin sign is a k.
    const letter = /^[A-Z]$/.test(typed) ? typed.toLowerCase() : typed;
    if (!(CONSONANTS + VOWELS).includes(letter)) throw new CodeHasBadCharacter(typed, position, letters.length);
    letters.push({ letter, typed, position });
  });
  if (letters.length !== LETTERS) throw new CodeHasWrongLength(letters.length);
  const groups = new Array(CODE_GROUPS + 1).fill(0);
  letters.forEach(({ letter, typed, position }, i) => {
    const [allowed, shift] = PLACES[i % GROUP_LETTERS] ?? PLACES[0];
    const value = allowed.indexOf(letter);
    if (value < 0) throw new CodeHasBadCharacter(typed, position, i);
    groups[Math.floor(i / GROUP_LETTERS)] |= value << shift;
  });
  return groups;
}

/**
 * The code with the one letter changed whose change gives this syndrome, or null if there is none.
 * @param {number[]} groups nine
 * @param {number} syndrome
 * @returns {string | null}
 */
function mend(groups, syndrome) {
  for (let i = 0; i <= CODE_GROUPS; i++) {
    for (const [letters, shift] of PLACES) {
      for (let change = 1; change < letters.length; change++) {
        if (timesAlpha(change << shift, i === CODE_GROUPS ? 0 : i + 1) !== syndrome) continue;
        return formatGroups(groups.map((group, j) => (j === i ? group ^ (change << shift) : group)));
      }
    }
  }
  return null;
}

/**
 * @param {number[]} groups
 * @returns {string}
 */
function formatGroups(groups) {
  const format = (/** @type {number} */ group) =>
    PLACES.map(([letters, shift]) => letters[(group >>> shift) & (letters.length - 1)]).join('');
  return groups.map(format).join('-');
}

/**
 * @param {Uint8Array} bytes
 * @returns {number[]}
 */
function groupsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, CODE_BYTES);
  return Array.from({ length: CODE_GROUPS }, (_, i) => view.getUint16(2 * i));
}

/**
 * The sum over i of alpha to the i times group i, counted from 1.
 * @param {number[]} groups eight
 * @returns {number}
 */
function checkOf(groups) {
  return groups.reduce((sum, group, i) => sum ^ timesAlpha(group, i + 1), 0);
}

/**
 * @param {number} value
 * @param {number} power
 * @returns {number} value times alpha to the power, over GF(2)[x]/CODE_POLYNOMIAL
 */
function timesAlpha(value, power) {
  for (let n = 0; n < power; n++) value = times(value, CODE_ALPHA);
  return value;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function times(a, b) {
  let product = 0;
  for (; b > 0; b >>>= 1) {
    if (b & 1) product ^= a;
    a <<= 1;
    if (a & 0x10000) a ^= CODE_POLYNOMIAL;
  }
  return product;
}
