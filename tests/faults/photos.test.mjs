// Ten thousand changed photos of each format: refused, or clean. Hostile files, as somebody may be handed one to send on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PhotoUnreadable } from '../../browser/src/errors.js';
import { clean } from '../../browser/src/photos.js';
import { CANARY, chunk, chunksOf, pictures, planted, split } from '../js/photos.js';
import { mutated, randomOf } from './mutation.js';

const same = (actual, expected, message) => assert.ok(Buffer.from(actual).equals(Buffer.from(expected)), message);

/** @returns {{bytes: Uint8Array, found: string[]} | null} */
function cleanOrNull(bytes) {
  try {
    return clean(bytes);
  } catch (error) {
    if (!(error instanceof PhotoUnreadable)) throw error;
    return null;
  }
}

/** A PNG whose sums are right again, as far as its chunks can be followed: else the sums would hide everything behind them. */
function mended(png) {
  const pieces = chunksOf(png);
  return Buffer.concat([png.subarray(0, 8), ...pieces.map(({ type, body }) => chunk(Buffer.from(type, 'latin1'), body))]);
}

for (const [kind, names] of [['jpeg', /^jpeg/], ['png', /png/], ['webp', /^webp/]]) {
  // What is asserted of a canary: it is never outside the compressed picture and the colour profile. Inside, it can end up where a
  // change has taken the end of the picture away, or has given a trace the name of a picture: such a file shows the canary as pixels.
  test(`ten thousand changed ${kind} photos are refused, or come out clean`, { timeout: 120_000 }, () => {
    const seeds = Object.entries({ ...planted, ...pictures }).filter(([name]) => names.test(name)).map(([name]) => planted[name]);
    const random = randomOf(20261121);
    const counted = { taken: 0, drawn: 0 };
    for (let tries = 0; tries < 10_000; tries++) {
      const changed = mutated(seeds, random);
      const cleaned = cleanOrNull(kind === 'png' && tries % 2 ? mended(changed) : changed);
      if (!cleaned) continue;
      counted.taken++;
      const { picture, rest } = split(cleaned.bytes);
      assert.ok(!rest.includes(CANARY));
      if (picture.includes(CANARY)) counted.drawn++;
      const twice = clean(cleaned.bytes);
      same(twice.bytes, cleaned.bytes);
      assert.deepEqual(twice.found, []);
    }
    assert.ok(counted.taken > 500 && counted.taken < 10_000, JSON.stringify(counted));
    assert.ok(counted.drawn < 0.01 * counted.taken, JSON.stringify(counted));
  });
}
