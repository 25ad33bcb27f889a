// Ten thousand inputs that are almost right for every parser of the browser: taken, or refused by a name that the pages know.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { unutf8 } from '../../browser/src/bytes.js';
import { readJson, writeJson } from '../../browser/src/canonical.js';
import { readCard } from '../../browser/src/card.js';
import { readCode } from '../../browser/src/code.js';
import { readContent, writeContent } from '../../browser/src/content.js';
import { checkEnvelope } from '../../browser/src/envelope.js';
import { WhistleError } from '../../browser/src/errors.js';
import { readPlaintext } from '../../browser/src/plaintext.js';
import { parseReceipt } from '../../browser/src/receipt.js';
import { readPages } from '../../browser/src/wire.js';
import { bytesOf } from '../js/vectors.js';
import { mutated, randomOf } from './mutation.js';

const TRIES = 10_000;

/** The inputs of a vector file, the good and the refused. */
function seedsOf(file, operation, key) {
  const { cases, parts = {} } = JSON.parse(readFileSync(new URL(`../../spec/vectors/${file}`, import.meta.url), 'utf8'));
  const inputs = cases.filter((one) => !operation || one.operation === operation).map(({ input }) => (key ? input[key] : input));
  return inputs.map((recipe) => bytesOf(recipe, parts));
}

const known = { rootFingerprint: '0'.repeat(64), instance: '0'.repeat(32) };
const receipt = ['instance: ' + '0'.repeat(32), 'box: ' + '1'.repeat(64), 'sealed: ' + '2'.repeat(64), 'card: ' + '3'.repeat(64),
  'day: 2026-11-21', 'key: ' + '4'.repeat(64), 'signature: ' + 'A'.repeat(86)];
const PARSERS = {
  json: [(bytes) => writeJson(readJson(bytes)), seedsOf('json.json')],
  content: [(bytes) => writeContent(readContent(bytes)), seedsOf('contents.json')],
  card: [(bytes) => void readCard(bytes, known), seedsOf('card.json', undefined, 'card')],
  code: [(bytes) => void readCode(Buffer.from(bytes).toString('utf8')), seedsOf('code.json', 'read')],
  envelope: [(bytes) => void checkEnvelope(bytes), seedsOf('envelope.json')],
  pages: [(bytes) => void readPages(bytes), seedsOf('wire.json', 'pages')],
  plaintext: [(bytes) => void readPlaintext(bytes), seedsOf('plaintext.json')],
  receipt: [(bytes) => void parseReceipt(bytes), [Buffer.from(['whistle/1 receipt', ...receipt, ''].join('\n'))]],
};

for (const [name, [read, seeds]] of Object.entries(PARSERS)) {
  test(`a fuzzer finds no ${name} that the browser has no name for`, () => {
    const random = randomOf(20261121);
    let taken = 0;
    for (let tries = 0; tries < TRIES; tries++) {
      const given = new Uint8Array(mutated(seeds, random));
      try {
        const written = read(given);
        taken++;
        if (written) assert.equal(unutf8(written), unutf8(given), 'what is taken has one spelling');
      } catch (error) {
        if (!(error instanceof WhistleError)) throw error;
      }
    }
    assert.ok(taken < TRIES);
  });
}
