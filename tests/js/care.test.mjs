// What a page does with a chosen file before anything of it is sent. The last test is hostile: changed photos.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileUnreadable } from '../../browser/src/errors.js';
import { clean } from '../../browser/src/photos.js';
import { mutated, randomOf } from '../faults/mutation.js';
import { CANARY, pictures, planted, split } from './photos.js';

// Words are their own keys, but for the name of the language.
const spans = [{ dataset: { word: 'common.locale' }, textContent: 'en-GB' }];
globalThis.document = { getElementById: () => ({ content: { querySelectorAll: () => spans } }) };
const { lookAt } = await import('../../browser/src/pages/care.js');

const photos = async () => ({ clean });
const absent = async () => { throw new TypeError('no network'); };
const fileOf = (bytes, name = 'a.jpg', type = 'image/jpeg') => new File([bytes], name, { type });
const bytesOf = async ({ content }) => Buffer.from(await (await content()).arrayBuffer());

/** A file that is larger than what of it is there, and that cannot be read twice. */
class Changing extends File {
  contents = [planted.jpegBaseline, Buffer.from('changed')];
  slice() { return new Blob([planted.jpegBaseline]); }
  async arrayBuffer() {
    const next = this.contents.shift();
    if (!next) throw new DOMException('gone', 'NotReadableError');
    return next;
  }
}

for (const name of Object.keys(planted)) {
  test(`${name}: what is sent is the cleaned photo, and the note says what was removed`, async () => {
    const seen = await lookAt(fileOf(planted[name], 'a.txt', 'text/plain'), photos);
    assert.equal(seen.ask, 'send');
    assert.equal(seen.removed, true);
    assert.equal(seen.note, 'files.removed');
    const bytes = await bytesOf(seen);
    assert.ok(!bytes.includes(CANARY));
    assert.ok(bytes.equals(Buffer.from(clean(planted[name]).bytes)));
  });
}

test('a photo that hides nothing goes as it is, and says so', async () => {
  const seen = await lookAt(fileOf(pictures.png), photos);
  assert.deepEqual([seen.note, seen.ask, seen.removed], ['files.nothing-hidden', 'send', false]);
  assert.ok((await bytesOf(seen)).equals(pictures.png));
});

test('what cleans photos is loaded for photos alone, and of their beginning alone', async () => {
  for (const other of ['', '%PDF', 'GIF89a', 'text']) await lookAt(fileOf(Buffer.from(other)), () => assert.fail());
});

test('of plain text nothing is warned; of what is no text it is, whatever it is called', async () => {
  const asked = async (bytes, type) => (await lookAt(fileOf(Buffer.from(bytes, 'latin1'), 'a.txt', type), photos)).ask;
  assert.equal(await asked('Dato: 3. marts', 'text/plain'), 'send');
  assert.equal(await asked('a;b', 'text/csv'), 'send');
  for (const bytes of ['%PDF-1.7', 'PK\x03\x04', '\xd0\xcf\x11\xe0', '{\\rtf1', '\0\0\0\x18ftypqt  ', 'GIF89a']) {
    assert.equal(await asked(bytes, 'text/plain'), 'as-it-is');
  }
  for (const type of ['', 'text/html', 'application/octet-stream', 'image/svg+xml', 'video/webm']) assert.equal(await asked('?', type), 'as-it-is');
});

test('without what cleans them nothing of a photo is sent, but it can be tried again', async () => {
  assert.equal((await lookAt(fileOf(planted.png), absent)).ask, 'again');
});

test('a damaged photo waits for the word of its owner and is then sent byte for byte', async () => {
  const damaged = planted.jpegBaseline.subarray(0, 90);
  const seen = await lookAt(fileOf(damaged), photos);
  assert.equal(seen.ask, 'as-it-is');
  assert.ok((await bytesOf(seen)).equals(damaged));
});

test('a photo that was changed since it was looked at is not sent', async () => {
  const seen = await lookAt(new Changing([], 'a.jpg'), photos);
  await assert.rejects(seen.content(), FileUnreadable); // another file
  await assert.rejects(seen.content(), FileUnreadable); // none
});

test('a file that cannot be read is refused before anything is decided', async () => {
  const unreadable = new Changing([], 'a.jpg');
  unreadable.contents = [];
  await assert.rejects(lookAt(unreadable, photos), FileUnreadable);
});

test('a hundred and twenty changed photos are cleaned, or wait', async () => {
  const random = randomOf(20261122);
  const counted = {};
  for (let tries = 0; tries < 120; tries++) {
    const changed = mutated(Object.values(planted), random);
    const seen = await lookAt(fileOf(changed), photos);
    counted[seen.ask] = (counted[seen.ask] ?? 0) + 1;
    const bytes = await bytesOf(seen);
    if (seen.ask === 'as-it-is') assert.ok(bytes.equals(changed));
    else assert.ok(!split(bytes).rest.includes(CANARY));
  }
  assert.ok(counted.send > 5 && counted['as-it-is'] > 10, JSON.stringify(counted));
});
