// The journey of a reporter over a real socket: report, mailbox, answer, and what happens when the door does wrong (spec section 10).

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { hex, sha256 } from '../../browser/src/bytes.js';
import { card, contentOf, DAY, desk, INSTANCE, ringed, voice } from './world.js';
import { LABEL_CONTINUES, LABEL_VOICE } from '../../browser/src/constants.js';
import { contentHash } from '../../browser/src/content.js';
import { deliverReport, deliverSuccessor, openMailbox, openOwnBox, prepareReport, prepareSuccessor, requireCapabilities, systemRandom } from '../../browser/src/dialogue.js';
import {
  CapabilityMissing, CardHasEnded, CodeMistyped, IntakeRefused, NetworkFailed, NoRings, NotAContent, NoSuchBox, NotConfirmed, NoSuchGroup, OwnContentsMissing, ReplyOvertaken, UnexpectedAnswer, UnknownKind,
} from '../../browser/src/errors.js';
import { readPlaintext } from '../../browser/src/plaintext.js';
import { openEnvelope, sealContent, sealStream } from '../../browser/src/seal.js';
import { verify } from '../../browser/src/signature.js';
import { Door, refusal } from './door.js';

let door;
beforeEach(async () => { door = await new Door().open(); });
afterEach(() => door.close());

const report = { card, groupId: 'risk', text: 'Bogført to gange', language: 'da', answers: [{ question: 'where', answer: 'Aarhus' }, { question: 'when', answer: '' }] };
const prepared = await prepareReport(report, systemRandom, DAY);
const sent = (path) => door.bodies.filter((one) => one.path === path);
const envelopeOf = ({ body }) => body.subarray(74 + body.readUInt16BE(72));

/** The desk's word on the report, sealed as the desk seals it. */
const acknowledge = () => fromDesk('acknowledgement', { text: 'Læst' });

async function fromDesk(kind, body) {
  const { json } = readPlaintext(await openEnvelope(prepared.envelope, desk.identity));
  const content = { ...contentOf('to-reporter', kind, body), box: hex(prepared.keys.boxId), seen: { sequence: 1, hash: contentHash(json) } };
  const envelope = await sealContent(content, LABEL_VOICE, voice.signingSeed, [desk.recipient, prepared.keys.recipient]);
  door.put(2, Buffer.from(prepared.keys.boxId), Buffer.from(envelope));
}

test('a report is delivered, and its code opens the box with it', async () => {
  await deliverReport(prepared, door.intake);
  assert.ok(door.proofHeld);
  const { thread, groupId } = await openMailbox(prepared.code, { card }, door.intake);
  assert.deepEqual(thread.items.map(({ verdict, content }) => [verdict, content.body.text]), [['verified', report.text]]);
  assert.equal(groupId, 'risk');
});

test('the desk reads the report and the answers that were given', async () => {
  const { content } = readPlaintext(await openEnvelope(prepared.envelope, desk.identity));
  assert.equal(content.instance, INSTANCE);
  assert.deepEqual(content.body.answers, [{ question: 'where', answer: 'Aarhus' }]);
});

test('a report whose answer was lost is sent again by itself, as the same bytes under a fresh challenge', async () => {
  door.behaviour = { '/api/submit': 'lose' };
  const tried = [];
  await deliverReport(prepared, door.intake, (one) => tried.push(one));
  assert.deepEqual(tried, [{ attempt: 1, pause: 1 }]);
  const [first, second] = sent('/api/submit');
  assert.deepEqual(envelopeOf(first), envelopeOf(second));
  assert.notDeepEqual(first.body, second.body);
  assert.equal(door.frames.length, 1);
});

test('a report that never gets through is given up by name after a few tries, and makes no second one later', async () => {
  door.offline = true;
  const tried = [];
  await assert.rejects(deliverReport(prepared, door.intake, ({ attempt }) => tried.push(attempt)), NetworkFailed);
  assert.deepEqual(tried, [1, 2, 3]);
  door.offline = false;
  await deliverReport(prepared, door.intake);
  assert.equal(door.frames.length, 1);
});

for (const path of ['/api/challenge', '/api/submit']) {
  for (const behaviour of ['cut', 'lose', [502, '<html>'], refusal(503, 'storage_failed'), refusal(408, 'too_slow')]) {
    test(`${path} that comes to nothing at first (${behaviour}) ends with exactly one report`, async () => {
      door.behaviour = { [path]: behaviour };
      await deliverReport(prepared, door.intake);
      assert.equal(door.frames.length, 1);
    });
  }
}

test('a challenge that ran out is renewed without a word', async () => {
  let refused = 0;
  door.meddle = (path) => (path === '/api/submit' && refused++ < 3 ? refusal(403, 'challenge_refused') : undefined);
  const tried = [];
  await deliverReport(prepared, door.intake, (one) => tried.push(one));
  assert.deepEqual(tried, []);
  assert.equal(door.frames.length, 1);
});

test('a server that refuses every challenge is named, and not asked for ever', async () => {
  door.meddle = (path) => (path === '/api/submit' ? refusal(403, 'challenge_refused') : undefined);
  await assert.rejects(deliverReport(prepared, door.intake), (error) => error instanceof IntakeRefused && error.code === 'challenge-refused');
  assert.equal(sent('/api/submit').length, 4);
});

test('neither cookie nor referrer is sent', async () => {
  await deliverReport(prepared, door.intake);
  for (const { headers } of door.bodies) assert.ok(!('cookie' in headers) && !('referer' in headers));
});

test('a refusal by name is an error of that name', async () => {
  door.behaviour = { '/api/submit': [409, JSON.stringify({ error: 'place_taken', message: '' })] };
  await assert.rejects(deliverReport(prepared, door.intake), (error) => error instanceof IntakeRefused && error.code === 'place-taken');
});

test('an answer that is not of the protocol is refused', async () => {
  for (const answer of [[200, '<html>'], [501, 'no'], [200, JSON.stringify({ envelope: '00'.repeat(32), day: '2026-11-21' })]]) {
    door.behaviour = { '/api/submit': answer };
    await assert.rejects(deliverReport(prepared, door.intake), UnexpectedAnswer);
  }
});

test('a code without a box and a server that invents bytes read the same', async () => {
  await assert.rejects(openMailbox(prepared.code, { card }, door.intake), NoSuchBox);
});

test('a mistyped code is noticed before anything is sent', async () => {
  const mistyped = (prepared.code.startsWith('b') ? 'd' : 'b') + prepared.code.slice(1);
  await assert.rejects(openMailbox(mistyped, { card }, door.intake), (error) => error instanceof CodeMistyped && error.suggestion === prepared.code);
  assert.equal(door.bodies.length, 0);
});

test('a reply is in the box that comes back, and follows on what was said', async () => {
  await deliverReport(prepared, door.intake);
  await acknowledge();
  const mailbox = await (await openMailbox(prepared.code, { card }, door.intake)).reply('Tak', DAY);
  const again = await mailbox.reply('Og mere', DAY);
  assert.deepEqual(again.thread.items.map(({ verdict }) => verdict), Array(4).fill('verified'));
  assert.deepEqual(again.thread.items.at(-1).content.seen.sequence, 1);
});

test('a reply that the server forgets is not confirmed, and goes again as the same bytes', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await openMailbox(prepared.code, { card }, door.intake);
  door.behaviour = { '/api/post': 'forget' };
  await assert.rejects(mailbox.reply('Tak', DAY), NotConfirmed);
  const after = await mailbox.reply('Tak', DAY);
  const [first, second] = sent('/api/post').map(envelopeOf);
  assert.deepEqual(first, second);
  assert.equal(after.thread.items.length, 2);
});

test('a reply whose answer was lost goes again by itself, and is there once', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await openMailbox(prepared.code, { card }, door.intake);
  door.behaviour = { '/api/post': 'lose', '/api/challenge': 'cut' };
  assert.equal((await mailbox.reply('Tak', DAY)).thread.items.length, 2);
  assert.equal(door.frames.length, 2);
});

test('another reply after one whose every answer was lost follows on it', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await openMailbox(prepared.code, { card }, door.intake);
  door.meddle = (path) => (path === '/api/post' ? 'lose' : undefined);
  await assert.rejects(mailbox.reply('Tak', DAY), NetworkFailed);
  door.meddle = () => undefined;
  const after = await mailbox.reply('Noget andet', DAY);
  assert.deepEqual(after.thread.items.map(({ verdict }) => verdict), Array(3).fill('verified'));
});

test('a reply that another window overtook is sealed anew when it is sent again, behind what came first', async () => {
  await deliverReport(prepared, door.intake);
  const [first, second] = await Promise.all([1, 2].map(() => openMailbox(prepared.code, { card }, door.intake)));
  await first.reply('Fra det ene vindue', DAY);
  await assert.rejects(second.reply('Fra det andet', DAY), ReplyOvertaken);
  const after = await second.reply('Fra det andet', DAY);
  assert.deepEqual(after.thread.items.map(({ verdict }) => verdict), ['verified', 'verified', 'conflicting', 'verified']);
  assert.equal(after.thread.items.at(-1).content.body.text, 'Fra det andet');
});

test('an ended card still opens the mailbox, and nothing is sealed to it', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await openMailbox(prepared.code, { card }, door.intake);
  await assert.rejects(mailbox.reply('Tak', '2027-01-31'), CardHasEnded);
  await assert.rejects(prepareReport(report, systemRandom, '2027-01-31'), CardHasEnded);
  assert.equal(sent('/api/post').length, 0);
});

test('no reply is numbered while the report itself is missing', async () => {
  await deliverReport(prepared, door.intake);
  await acknowledge();
  door.frames.shift();
  const mailbox = await openMailbox(prepared.code, { card }, door.intake);
  assert.equal(mailbox.thread.withheld['to-desk'], 1);
  await assert.rejects(mailbox.reply('Tak', DAY), OwnContentsMissing);
});

test('everything that a reporter can say after the report is in the box that comes back, in one chain', async () => {
  await deliverReport(prepared, door.intake);
  await fromDesk('questions', { text: '', questions: [{ text: 'Hvor?', choices: ['her', 'der'] }] });
  let mailbox = await openMailbox(prepared.code, { card: ringed }, door.intake);
  const { hash } = mailbox.thread.items.at(-1);
  const consent = { kind: 'consent', body: { scope: 'Min leder må vide det.' } };
  const first = [
    { kind: 'read', body: { content: hash } }, { kind: 'answers', body: { questions: hash, answers: [{ question: 0, choice: 1 }] } },
    { kind: 'minutes-agreed', body: { minutes: hash } }, { kind: 'minutes-corrected', body: { minutes: hash, text: 'Nej.' } }, consent,
  ];
  for (const said of first) mailbox = await mailbox.say(said, DAY);
  const later = [
    { kind: 'consent-withdrawn', body: { consent: mailbox.thread.items.at(-1).hash } }, await mailbox.sealIdentity({ name: 'Søren', contact: '' }, DAY),
    { kind: 'retaliation', body: { text: 'Mine vagter er væk.' } }, { kind: 'meeting-request', body: { text: '' } }, { kind: 'close', body: { text: '' } },
  ];
  for (const said of later) mailbox = await mailbox.say(said, DAY);
  const { items } = mailbox.thread;
  assert.deepEqual(items.map(({ verdict }) => verdict), Array(12).fill('verified'));
  assert.deepEqual(items.slice(2).map(({ content: { kind, body } }) => ({ kind, body })), [...first, ...later]);
});

test('what a reporter cannot say is not sealed', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await openMailbox(prepared.code, { card }, door.intake);
  await assert.rejects(mailbox.say({ kind: 'feedback', body: { text: 'x' } }, DAY), UnknownKind);
  await assert.rejects(mailbox.say({ kind: 'answers', body: { questions: '00'.repeat(32), answers: [] } }, DAY), NotAContent);
  await assert.rejects(mailbox.sealIdentity({ name: 'Søren', contact: '' }, DAY), NoRings);
  assert.equal(sent('/api/post').length, 0);
});

test('an identity that was not confirmed goes again as the same bytes', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await openMailbox(prepared.code, { card: ringed }, door.intake);
  const identity = await mailbox.sealIdentity({ name: 'Søren', contact: '' }, DAY);
  door.behaviour = { '/api/post': 'forget' };
  await assert.rejects(mailbox.say(identity, DAY), NotConfirmed);
  assert.equal((await mailbox.say(identity, DAY)).thread.items.length, 2);
  const [first, second] = sent('/api/post').map(envelopeOf);
  assert.deepEqual(first, second);
});

test('what was sent as files is announced behind what came first from another window', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await openOwnBox(prepared.keys, { card }, door.intake);
  const transfer = mailbox.transfer(new Blob(['bilag']), { name: 'bilag.txt', type: 'text/plain' }, DAY);
  const file = await transfer.run();
  await (await openMailbox(prepared.code, { card }, door.intake)).reply('Fra et andet vindue', DAY);
  const after = await mailbox.announce([file], DAY);
  assert.deepEqual(after.thread.items.map(({ verdict }) => verdict), ['verified', 'verified', 'conflicting', 'verified']);
  assert.deepEqual(after.thread.items.at(-1).content.body.files, [file]);
});

test('nothing of a file is sealed to an ended card, or without the report', async () => {
  await deliverReport(prepared, door.intake);
  const mailbox = await openOwnBox(prepared.keys, { card }, door.intake);
  assert.throws(() => mailbox.transfer(new Blob(['x']), { name: 'x', type: '' }, '2027-01-31'), CardHasEnded);
  await acknowledge();
  door.frames.shift();
  const without = await mailbox.reread();
  assert.throws(() => without.transfer(new Blob(['x']), { name: 'x', type: '' }, DAY), OwnContentsMissing);
});

test('a file that the desk names is fetched with the keys of the box', async () => {
  await deliverReport(prepared, door.intake);
  const plaintext = new Uint8Array(16_384);
  plaintext.set(Buffer.from('svar'));
  const sealed = Buffer.from(await new Response(await sealStream(new Blob([plaintext]).stream(), prepared.keys.recipient)).arrayBuffer());
  const file = { id: '0f'.repeat(16), name: 'svar.txt', type: 'text/plain', size: 4, sealed: hex(sha256(sealed)) };
  door.fromDesk.set(file.id, sealed);
  await fromDesk('files', { files: [file] });
  const { thread, ...mailbox } = await openMailbox(prepared.code, { card }, door.intake).then(async (box) => ({ thread: box.thread, blob: await box.download(file) }));
  assert.deepEqual(thread.items.at(-1).content.body.files, [file]);
  assert.equal(await mailbox.blob.text(), 'svar');
});

test('a box of several answers is fetched to its end', async () => {
  await deliverReport(prepared, door.intake);
  await acknowledge();
  door.perAnswer = 1;
  assert.equal((await openMailbox(prepared.code, { card }, door.intake)).thread.items.length, 2);
  assert.equal(sent('/api/fetch').length, 2);
});

test('a report to a group that is not on the card is refused', async () => {
  await assert.rejects(prepareReport({ ...report, groupId: 'legal' }, systemRandom, DAY), NoSuchGroup);
});

test('a code never crosses the door', async () => {
  await deliverReport(prepared, door.intake);
  await openMailbox(prepared.code, { card }, door.intake);
  const crossed = Buffer.concat(door.bodies.map(({ body }) => body)).toString('latin1');
  assert.ok(!crossed.includes(prepared.code) && !crossed.includes(prepared.code.replaceAll('-', '')));
});

test('a browser without a secure context, randomness, WebCrypto or streams is told so by name', () => {
  const whole = { isSecureContext: true, crypto, TransformStream };
  requireCapabilities(whole);
  const lacking = {
    'secure-context': { ...whole, isSecureContext: false },
    randomness: { ...whole, crypto: undefined },
    webcrypto: { ...whole, crypto: { getRandomValues() {} } },
    streams: { ...whole, TransformStream: undefined },
  };
  for (const [what, browser] of Object.entries(lacking)) {
    assert.throws(() => requireCapabilities(browser), (error) => error instanceof CapabilityMissing && error.what === what);
  }
});

test('a fresh code goes on from the box whose key vouches for it, and whatever is lost, it says so once', async () => {
  await deliverReport(prepared, door.intake);
  const before = await openMailbox(prepared.code, { card }, door.intake);
  const successor = await prepareSuccessor(before, { card, text: 'Jeg fortsætter', language: 'da' }, systemRandom, DAY);
  assert.notEqual(successor.code, prepared.code);
  door.behaviour = { '/api/submit': 'lose', '/api/post': 'forget' };
  await assert.rejects(deliverSuccessor(successor, { card }, door.intake, DAY), NotConfirmed);
  await deliverSuccessor(successor, { card }, door.intake, DAY);
  await deliverSuccessor(successor, { card }, door.intake, DAY);
  const { thread, groupId } = await openMailbox(successor.code, { card }, door.intake);
  assert.deepEqual(thread.items.map(({ verdict, content }) => [verdict, content.kind]), [['verified', 'report'], ['verified', 'continues']]);
  const { box, signature } = thread.items[1].content.body;
  verify(LABEL_CONTINUES, prepared.keys.signingPublic, successor.keys.boxId, Buffer.from(signature, 'hex'));
  assert.deepEqual([box, groupId], [hex(prepared.keys.boxId), before.groupId]);
  assert.equal((await before.reread()).thread.items.length, 1);
});
