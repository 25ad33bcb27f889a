// Contents and their JSON: what is written is read, and nothing else is (spec section 6).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../browser/src/bytes.js';
import { readJson } from '../../browser/src/canonical.js';
import { LABEL_REPORTER } from '../../browser/src/constants.js';
import { readContent, writeContent } from '../../browser/src/content.js';
import { NotAContent, NotCanonical, TextEmpty, TextTooLong, UnknownKind } from '../../browser/src/errors.js';
import { readPlaintext, signAndPad } from '../../browser/src/plaintext.js';
import { contentOf, reporter, reportOf } from './world.js';

const message = (text) => contentOf('to-desk', 'message', { text }, { sequence: 2, previous: reportOf() });

test('a content is written as it was read, byte for byte', () => {
  const texts = ['æøå', '\u2028 and \u0000 and "\\', '😀', ' '.repeat(3), '{"a":1}', '\t\n\r'];
  for (const text of texts) {
    const json = writeContent(message(text));
    assert.deepEqual(writeContent(readContent(json)), json);
    assert.equal(readContent(json).body.text, text);
  }
});

test('the fields of a content are written in their order, whatever order they come in', () => {
  const content = message('x');
  assert.deepEqual(writeContent(Object.fromEntries(Object.entries(content).reverse())), writeContent(content));
});

test('a content that was read cannot be changed', () => {
  const content = readContent(writeContent(message('x')));
  assert.throws(() => { content.body.text = 'y'; }, TypeError);
});

const SAID = {
  'to-desk': {
    message: { text: 'x' }, answers: { questions: '0a'.repeat(32), answers: [{ question: 0, choice: 7 }, { question: 15, choice: 0 }] },
    'minutes-agreed': { minutes: '0b'.repeat(32) }, 'minutes-corrected': { minutes: '0b'.repeat(32), text: 'x' }, consent: { scope: 'x' },
    'consent-withdrawn': { consent: '0c'.repeat(32) }, identity: { identity: 'A'.repeat(5790) }, retaliation: { text: 'x' },
    'meeting-request': { text: '' }, close: { text: '' }, read: { content: '0d'.repeat(32) }, continues: { box: '0e'.repeat(32), signature: '0f'.repeat(64) },
  },
  'to-reporter': {
    acknowledgement: { text: 'x' }, notice: { state: 'closed', text: '' }, minutes: { text: 'x' }, feedback: { text: 'x' }, outcome: { text: 'x' },
    'code-seen': { text: 'x' }, closing: { text: 'x' }, questions: { text: '', questions: [{ text: 'x', choices: ['y', 'z'] }] },
  },
};

for (const [direction, kinds] of Object.entries(SAID)) {
  for (const [kind, body] of Object.entries(kinds)) {
    const content = contentOf(direction, kind, body, direction === 'to-desk' ? { sequence: 2, previous: reportOf() } : {});

    test(`${kind} ${direction} is written and read as it is, and nothing in it can be changed`, () => {
      const json = writeContent(content);
      assert.deepEqual(readContent(json).body, body);
      assert.deepEqual(writeContent(readContent(json)), json);
      assert.ok(Object.values(readContent(json).body).every((value) => Object.isFrozen(value)));
    });

    test(`${kind} ${direction} is not written with a field that is missing, unknown or of another type`, () => {
      for (const name of Object.keys(body)) {
        const { [name]: _, ...rest } = body;
        for (const wrong of [rest, { ...body, more: 1 }, ...[null, 1, true, {}].map((value) => ({ ...body, [name]: value }))]) {
          assert.throws(() => writeContent({ ...content, body: wrong }), NotAContent);
        }
      }
    });
  }
}

test('JSON nested to any depth is refused before it is parsed', () => {
  assert.throws(() => readJson(utf8('['.repeat(100_000) + ']'.repeat(100_000))), NotCanonical);
});

test('brackets in a string have no depth', () => {
  const text = JSON.stringify('[[[[[[[[[[\\"[[[');
  assert.equal(readJson(utf8(text)), '[[[[[[[[[[\\"[[[');
});

test('a long string that never ends is refused', () => {
  assert.throws(() => readJson(utf8(`"${'a'.repeat(250_000)}`)), NotCanonical);
});

test('an empty message is not written', () => {
  assert.throws(() => writeContent(message('')), TextEmpty);
});

test('a message that is too long once escaped is not written', () => {
  assert.throws(() => writeContent(message('"'.repeat(125_001))), TextTooLong);
});

test('a lone surrogate is not written', () => {
  assert.throws(() => writeContent(message('\ud800')), NotCanonical);
});

test('a kind of the other direction is refused', () => {
  assert.throws(() => writeContent(contentOf('to-reporter', 'report', reportOf().body)), UnknownKind);
});

test('a field name made of two is refused', () => {
  const json = JSON.stringify({ ...JSON.parse(Buffer.from(writeContent(message('x')))), seen: { 'sequence,hash': 0 } });
  assert.throws(() => readContent(utf8(json)), NotAContent);
});

test('reports of one word and of two thousand letters look alike, with an identity or without', () => {
  const sizeOf = (text, identity) => {
    const report = reportOf();
    return signAndPad({ ...report, body: { ...report.body, text, identity } }, LABEL_REPORTER, reporter.signingSeed).plaintext.length;
  };
  const sizes = [sizeOf('a', null), sizeOf('b'.repeat(2000), null), sizeOf('a', 'A'.repeat(5790)), sizeOf('b'.repeat(2000), 'A'.repeat(5790))];
  assert.deepEqual(new Set(sizes), new Set([16384]));
});

test('a large report has the same size with an identity and without', () => {
  for (let length = 15_000; length < 60_000; length += 4_321) {
    const sizes = [null, 'A'.repeat(5790)].map((identity) => {
      const report = reportOf();
      const content = { ...report, body: { ...report.body, text: 'x'.repeat(length), identity } };
      return signAndPad(content, LABEL_REPORTER, reporter.signingSeed).plaintext.length;
    });
    assert.equal(sizes[0], sizes[1]);
  }
});

test('what is signed and padded is read again', () => {
  const { plaintext, json } = signAndPad(message('x'), LABEL_REPORTER, reporter.signingSeed);
  assert.deepEqual(readPlaintext(plaintext).json, json);
});
