// Reading a box: whatever was removed, doubled, swapped, cut, brought from elsewhere or forged has its name (spec section 7).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../../browser/src/bytes.js';
import { readCard } from '../../browser/src/card.js';
import { contentHash, writeContent } from '../../browser/src/content.js';
import { readThread } from '../../browser/src/thread.js';
import { card, cardText, contentOf, desk, entryOf, keysOf, known, reporter, reportOf, signCard, stranger, voice } from './world.js';

const report = reportOf();
const acknowledgement = contentOf('to-reporter', 'acknowledgement', { text: 'Vi har læst det' }, { seen: report });
const question = contentOf('to-reporter', 'message', { text: 'Hvor?' }, { sequence: 2, previous: acknowledgement, seen: report });
const answer = contentOf('to-desk', 'message', { text: 'Her' }, { sequence: 2, previous: report, seen: question });
const thanks = contentOf('to-reporter', 'message', { text: 'Tak' }, { sequence: 3, previous: question, seen: answer });
const entries = await Promise.all([report, acknowledgement, question, answer, thanks].map((content, i) => entryOf(i + 1, content)));

const read = (found) => readThread(found, { keys: reporter, card });
const verdictsOf = async (found) => (await read(found)).items.map(({ verdict, missing }) => (missing ? `${verdict} ${missing}` : verdict));
const without = (...places) => entries.filter(({ position }) => !places.includes(position));
const moved = (entry, position) => ({ ...entry, position });

test('a thread as it was written is verified whole', async () => {
  const thread = await read(entries);
  assert.deepEqual(thread.items.map(({ verdict }) => verdict), Array(5).fill('verified'));
  assert.deepEqual(thread.items.map(({ content }) => content.body.text), [report, acknowledgement, question, answer, thanks].map(({ body }) => body.text));
  assert.deepEqual(thread.withheld, { 'to-desk': 0, 'to-reporter': 0 });
  assert.deepEqual([thread.last['to-desk'].sequence, thread.last['to-reporter'].sequence], [2, 3]);
});

test('answers stand in the chain like messages', async () => {
  const asked = contentOf('to-reporter', 'questions', { text: '', questions: [{ text: 'Hvor?', choices: ['her', 'der'] }] }, { seen: report });
  const minutes = contentOf('to-reporter', 'minutes', { text: 'Vi talte sammen.' }, { sequence: 2, previous: asked, seen: report });
  const body = { questions: contentHash(writeContent(asked)), answers: [{ question: 0, choice: 1 }] };
  const ticked = contentOf('to-desk', 'answers', body, { sequence: 2, previous: report, seen: minutes });
  const closed = contentOf('to-desk', 'close', { text: '' }, { sequence: 3, previous: ticked, seen: minutes });
  const found = await Promise.all([report, asked, minutes, ticked, closed].map((content, i) => entryOf(i + 1, content)));
  assert.deepEqual(await verdictsOf(found), Array(5).fill('verified'));
  assert.equal((await read(found)).items[1].hash, body.questions);
  assert.deepEqual(await verdictsOf([...found.slice(0, 3), found[4]]), ['verified', 'verified', 'verified', 'gap 1']);
  assert.deepEqual(await verdictsOf([...found, moved(found[3], 9)]), [...Array(5).fill('verified'), 'doubled']);
  const other = await entryOf(9, { ...ticked, body: { ...body, answers: [{ question: 0, choice: 0 }] } });
  assert.equal((await verdictsOf([...found, other])).at(-1), 'conflicting');
});

test('entries are read in the order of their places', async () => {
  assert.deepEqual(await verdictsOf([...entries].reverse()), Array(5).fill('verified'));
});

test('a content removed from the middle leaves a gap that is counted', async () => {
  assert.deepEqual(await verdictsOf(without(3)), ['verified', 'verified', 'verified', 'gap 1']);
});

test('a content removed from the end is withheld if a later one has seen it', async () => {
  assert.deepEqual((await read(without(4))).withheld, { 'to-desk': 1, 'to-reporter': 0 });
  assert.deepEqual((await read(without(2, 3, 5))).withheld, { 'to-desk': 0, 'to-reporter': 2 });
});

test('a content that is there twice is doubled', async () => {
  assert.deepEqual(await verdictsOf([...entries, moved(entries[2], 9)]), [...Array(5).fill('verified'), 'doubled']);
});

test('two contents that changed places are a gap and out of order', async () => {
  const swapped = [entries[0], moved(entries[2], 2), moved(entries[1], 3)];
  assert.deepEqual(await verdictsOf(swapped), ['verified', 'gap 1', 'out-of-order']);
});

test('another content with a number that was taken is conflicting', async () => {
  const other = await entryOf(9, { ...question, body: { text: 'Hvornår?' } });
  assert.equal((await verdictsOf([...entries, other])).at(-1), 'conflicting');
});

test('a content that does not follow on the last is broken', async () => {
  const other = await entryOf(9, contentOf('to-reporter', 'message', { text: 'x' }, { sequence: 4, previous: question, seen: answer }));
  assert.equal((await verdictsOf([...entries, other])).at(-1), 'broken');
});

test('a content that has seen less than the one before it is broken', async () => {
  const other = await entryOf(9, contentOf('to-reporter', 'message', { text: 'x' }, { sequence: 4, previous: thanks, seen: report }));
  assert.equal((await verdictsOf([...entries, other])).at(-1), 'broken');
});

test('a content that has seen another content than the one taken is broken', async () => {
  const seen = { ...answer, body: { text: 'Der' } };
  const other = await entryOf(9, contentOf('to-reporter', 'message', { text: 'x' }, { sequence: 4, previous: thanks, seen }));
  assert.equal((await verdictsOf([...entries, other])).at(-1), 'broken');
});

test('a content of another box is foreign', async () => {
  const other = await entryOf(2, { ...acknowledgement, box: hex(stranger.boxId) });
  assert.deepEqual(await verdictsOf([entries[0], other]), ['verified', 'foreign']);
});

test('a content of another instance is foreign', async () => {
  const other = await entryOf(2, { ...acknowledgement, instance: '00'.repeat(16) });
  assert.deepEqual(await verdictsOf([entries[0], other]), ['verified', 'foreign']);
});

test('a content found in the other direction is foreign', async () => {
  const other = await entryOf(2, acknowledgement, { direction: 'to-desk' });
  assert.deepEqual(await verdictsOf([entries[0], other]), ['verified', 'foreign']);
});

test('a content of a group that is not on the card is foreign', async () => {
  const other = await entryOf(2, { ...acknowledgement, group: 'legal' });
  assert.deepEqual(await verdictsOf([entries[0], other]), ['verified', 'foreign']);
});

test('an entry filed under another box is foreign', async () => {
  assert.deepEqual(await verdictsOf([{ ...entries[0], box: stranger.boxId }]), ['foreign']);
});

test('a content sealed to somebody else is foreign', async () => {
  const other = await entryOf(2, acknowledgement, { recipients: [desk.recipient, stranger.recipient] });
  assert.deepEqual(await verdictsOf([entries[0], other]), ['verified', 'foreign']);
});

test('a report whose keys are not those of the box is foreign', async () => {
  const other = await entryOf(1, { ...reportOf(stranger), box: hex(reporter.boxId) });
  assert.deepEqual(await verdictsOf([other]), ['foreign']);
});

test('a content signed by somebody else is forged', async () => {
  const reply = await entryOf(2, acknowledgement, { seed: stranger.signingSeed });
  const ours = await entryOf(4, answer, { seed: voice.signingSeed });
  assert.deepEqual(await verdictsOf([entries[0], reply, ours]), ['verified', 'forged', 'forged']);
});

test('a content signed by a revoked voice is forged, though it opens', async () => {
  const revoked = readCard(signCard(cardText({ revoked: [hex(voice.signingPublic)] })), known);
  const { items } = await readThread(entries, { keys: reporter, card: revoked });
  assert.deepEqual(items.map(({ verdict }) => verdict), ['verified', 'forged', 'forged', 'verified', 'forged']);
});

test('what is not taken never comes with its content', async () => {
  const { items } = await read([...entries, moved(entries[2], 9), await entryOf(10, acknowledgement, { seed: stranger.signingSeed })]);
  assert.deepEqual(items.slice(5).map(({ content, hash }) => [content, hash]), [[null, null], [null, null]]);
});

test('a code of another instance opens nothing of this box', async () => {
  const keys = { ...keysOf(4, '00'.repeat(16)), boxId: reporter.boxId };
  const { items } = await readThread(entries, { keys, card });
  assert.deepEqual(items.map(({ verdict }) => verdict), Array(5).fill('foreign'));
});
