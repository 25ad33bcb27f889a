// Files over a real socket, there and back (spec sections 6.4 and 8): what arrives, what happens on the way, and what it costs.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, test } from 'node:test';
import { hex, sha256, unhex } from '../../browser/src/bytes.js';
import { PART_BYTES } from '../../browser/src/constants.js';
import { writeContent } from '../../browser/src/content.js';
import {
  FileDamaged, FileEmpty, FileTooLarge, FileUnreadable, IntakeRefused, NoSuchFile, TransferCancelled, UnexpectedAnswer, WhistleError,
} from '../../browser/src/errors.js';
import { receiveFile, Transfer } from '../../browser/src/files.js';
import { countOf, paddedFile, sealedLength } from '../../browser/src/parts.js';
import { openStream, sealStream } from '../../browser/src/seal.js';
import { systemRandom } from '../../browser/src/dialogue.js';
import { Door, refusal } from './door.js';
import { contentOf, desk, reporter, reportOf, stranger } from './world.js';

const { Encrypter } = await import(createRequire(new URL('../../browser/package.json', import.meta.url)).resolve('age-encryption'));

let door;
beforeEach(async () => { door = await new Door().open(); });
afterEach(() => door.close());

const PART = '/api/part';
const bytesOf = (size) => Uint8Array.from({ length: size }, (_, i) => (7 * i + (i >> 8)) % 251);
const way = (intake = door.intake) => ({ keys: reporter, intake, recipient: desk.recipient, random: systemRandom });
const transferOf = (bytes, named = {}, intake) => new Transfer({ file: new Blob([bytes]), name: 'bilag.pdf', type: 'application/pdf', ...named }, way(intake));
const collect = async (stream) => new Uint8Array(await new Response(stream).arrayBuffer());
const open = (sealed, { identity }) => openStream(new Blob([sealed]).stream(), identity).then(collect);
const sent = (path) => door.bodies.filter((one) => one.path === path).map(({ body }) => body);
const indexOf = (body) => body.readUInt32BE(64 + 24);
const fourParts = bytesOf(3 * PART_BYTES + 1000);
const until = async (holds) => { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1)); };

/** What comes of a transfer that goes well: what stands at the door opens, and is the file. */
async function arrives(transfer, bytes) {
  const file = await transfer.run();
  const sealed = door.whole(file.id);
  assert.equal(hex(sha256(sealed)), file.sealed);
  const opened = await open(sealed, desk);
  assert.deepEqual(Buffer.from(opened.subarray(0, bytes.length)), Buffer.from(bytes));
  return { file, sealed, opened };
}

for (const size of [1, 16_384, 16_385, 65_536, PART_BYTES, 1_000_000]) {
  test(`a file of ${size} bytes arrives in the parts of its size class, with zeros behind it`, async () => {
    const { sealed, opened } = await arrives(transferOf(bytesOf(size)), bytesOf(size));
    assert.equal(sealed.length, sealedLength(size));
    assert.equal(opened.length, paddedFile(size));
    assert.ok(opened.subarray(size).every((byte) => byte === 0));
    assert.equal(sent(PART).length + 1, countOf(sealed.length));
    assert.ok(door.proofHeld);
  });
}

test('a file opens for the group and not with the code', async () => {
  const { sealed } = await arrives(transferOf(bytesOf(10)), bytesOf(10));
  await assert.rejects(open(sealed, reporter));
});

test('what a transfer gives can be announced as it is', async () => {
  const file = await transferOf(bytesOf(10)).run();
  assert.deepEqual([file.name, file.type, file.size], ['bilag.pdf', 'application/pdf', 10]);
  writeContent(contentOf('to-desk', 'files', { files: [file] }, { sequence: 2, previous: reportOf() }));
});

test('no name is too long for a content, and what it ends with stays', async () => {
  const { name } = transferOf(bytesOf(1), { name: `${'æ"\ud800'.repeat(200)}.docx` });
  assert.ok(name.endsWith('.docx') && name.isWellFormed() && Buffer.byteLength(JSON.stringify(name)) - 2 <= 255);
  assert.equal(transferOf(bytesOf(1), { name: '', type: 'x'.repeat(200) }).name, 'file');
  assert.equal(transferOf(bytesOf(1), { type: 'x'.repeat(200) }).type, '');
});

test('nothing of a name or a type crosses in the open', async () => {
  await transferOf(bytesOf(10)).run();
  const crossed = Buffer.concat(door.bodies.map(({ body }) => body)).toString('latin1');
  assert.ok(!crossed.includes('bilag') && !crossed.includes('application/pdf'));
});

test('an empty file and one that is too large are refused before anything is sent', async () => {
  await assert.rejects(transferOf(bytesOf(0)).run(), FileEmpty);
  await assert.rejects(transferOf(bytesOf(11), { limit: 10 }).run(), (error) => error instanceof FileTooLarge && error.limit === 10);
  assert.equal(door.bodies.length, 0);
});

for (const behaviour of ['lose', 'cut', refusal(503, 'storage_failed'), refusal(408, 'too_slow'), [502, '<html>']]) {
  test(`whatever comes first (${behaviour}), each part is sent again as it is, and the file is whole`, async () => {
    const failed = new Set();
    door.meddle = (path, body) => {
      const which = path === PART ? indexOf(body) : path;
      if (failed.has(which)) return undefined;
      failed.add(which);
      return behaviour;
    };
    const states = new Set();
    const transfer = transferOf(fourParts);
    const file = await transfer.run({ onProgress: (_, state) => states.add(state) });
    assert.equal(hex(sha256(door.whole(file.id))), file.sealed);
    assert.ok(states.has('offline'));
    assert.equal(transfer.state, 'done');
    for (let index = 1; index < 4; index++) {
      const [first, second, ...more] = sent(PART).filter((body) => indexOf(body) === index);
      assert.deepEqual(first, second);
      assert.deepEqual(more, []);
    }
  });
}

test('a challenge that is refused is replaced by a fresh one', async () => {
  let refused = 0;
  door.meddle = (path) => (path === '/api/begin' && refused++ < 2 ? refusal(403, 'challenge_refused') : undefined);
  await arrives(transferOf(bytesOf(10)), bytesOf(10));
  assert.equal(sent('/api/challenge').length, 3);
});

test('parts may arrive in any order', async () => {
  const order = [];
  door.meddle = async (path, body) => {
    if (path !== PART) return;
    if (indexOf(body) < 3) await until(() => order.length >= 3 - indexOf(body));
    order.push(indexOf(body));
  };
  await arrives(transferOf(fourParts), fourParts);
  assert.deepEqual(order, [3, 2, 1]);
});

test('parts that came to nothing together are sent again one by one', async () => {
  const failed = new Set();
  let [now, most] = [0, 0];
  door.meddle = async (path, body) => {
    if (path !== PART) return undefined;
    if (!failed.has(indexOf(body))) {
      failed.add(indexOf(body));
      await until(() => failed.size === 3);
      return 'cut';
    }
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 30));
    now--;
  };
  await arrives(transferOf(fourParts), fourParts);
  assert.equal(most, 1);
});

test('a transfer outlasts a network that is away, and goes on by itself', async () => {
  const transfer = transferOf(fourParts);
  let away = false;
  const running = transfer.run({ onProgress: ({ sent }) => { if (sent > 0 && !away) door.offline = away = true; } });
  await until(() => transfer.state === 'offline');
  assert.ok(transfer.progress.sent < transfer.progress.total);
  await new Promise((resolve) => setTimeout(resolve, 20));
  door.offline = false;
  const file = await running;
  assert.equal(hex(sha256(door.whole(file.id))), file.sealed);
});

test('when the network says that it is back, nobody waits for the end of a pause', async (t) => {
  const network = new EventTarget();
  for (const name of ['addEventListener', 'removeEventListener']) globalThis[name] = network[name].bind(network);
  t.after(() => { delete globalThis.addEventListener; delete globalThis.removeEventListener; });
  door.offline = true;
  const transfer = transferOf(bytesOf(10), {}, door.intakeWith([3_600_000]));
  const running = transfer.run();
  await until(() => transfer.state === 'offline');
  door.offline = false;
  network.dispatchEvent(new Event('online'));
  await running;
});

test('a paused transfer sends nothing more, and goes on with the same bytes', async () => {
  const transfer = transferOf(fourParts);
  let paused = false;
  const running = transfer.run({ onProgress: ({ sent }) => { if (sent > 0 && !paused) { paused = true; transfer.pause(); } } });
  await until(() => transfer.state === 'paused');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(sent(PART).length, 0);
  assert.equal(transfer.state, 'paused');
  transfer.resume();
  const file = await running;
  assert.equal(hex(sha256(door.whole(file.id))), file.sealed);
});

test('pausing ends the calls that are under way', async () => {
  const transfer = transferOf(fourParts);
  door.meddle = (path) => (path === PART ? new Promise(() => {}) : undefined);
  const running = transfer.run();
  await until(() => sent(PART).length >= 2);
  transfer.pause();
  await until(() => door.givenUp >= 2);
  door.meddle = () => undefined;
  transfer.resume();
  const file = await running;
  assert.equal(hex(sha256(door.whole(file.id))), file.sealed);
});

test('a cancelled transfer ends, and intake is told to drop it', async () => {
  const transfer = transferOf(fourParts);
  door.meddle = (path) => (path === PART ? new Promise(() => {}) : undefined);
  const running = transfer.run();
  await until(() => sent(PART).length > 0);
  const cancelling = transfer.cancel();
  await assert.rejects(running, TransferCancelled);
  await cancelling;
  assert.equal(door.cancelled.length, 1);
  assert.equal(door.files.size, 0);
  assert.equal(transfer.state, 'cancelled');
});

test('a transfer can be cancelled before it runs, while it is paused, and while nothing comes', async () => {
  const waiting = transferOf(fourParts);
  await waiting.cancel();
  await assert.rejects(waiting.run(), TransferCancelled);
  assert.equal(door.bodies.length, 0);
  const paused = transferOf(fourParts);
  paused.pause();
  const held = paused.run();
  paused.cancel();
  await assert.rejects(held, TransferCancelled);
  door.offline = true;
  const offline = transferOf(fourParts, {}, door.intakeWith([3_600_000]));
  const running = offline.run();
  await until(() => offline.state === 'offline');
  offline.cancel();
  await assert.rejects(running, TransferCancelled);
});

test('a transfer that is done cannot be cancelled or paused', async () => {
  const transfer = transferOf(bytesOf(10));
  await transfer.run();
  transfer.pause();
  await transfer.cancel();
  assert.equal(transfer.state, 'done');
  assert.deepEqual(door.cancelled, []);
});

test('a server that was put back fails the file by name, and a new transfer sends it anew', async () => {
  door.meddle = (path, body) => { if (path === PART && indexOf(body) === 2) door.files.clear(); };
  const transfer = transferOf(fourParts);
  await assert.rejects(transfer.run(), NoSuchFile);
  assert.equal(transfer.state, 'failed');
  door.meddle = () => undefined;
  await arrives(transferOf(fourParts), fourParts);
});

for (const [status, name] of [[507, 'no_room'], [429, 'box_full'], [413, 'too_large'], [409, 'place_taken']]) {
  test(`a transfer that is refused as ${name} ends with that name, and is not tried again`, async () => {
    door.behaviour = { '/api/begin': refusal(status, name) };
    await assert.rejects(transferOf(fourParts).run(), (error) => error instanceof IntakeRefused && error.code === name.replace('_', '-'));
    assert.equal(sent('/api/begin').length, 1);
  });
}

test('a server that says to have stored something else is not believed', async () => {
  door.behaviour = { '/api/begin': [200, JSON.stringify({ part: '0'.repeat(64) })] };
  await assert.rejects(transferOf(bytesOf(10)).run(), UnexpectedAnswer);
});

test('a file that was changed since it was chosen is not sent on', async () => {
  const file = { size: 600_000, slice: (from, to) => new Blob([new Uint8Array(from === 0 ? to - 1 : to - from)]) };
  await assert.rejects(new Transfer({ file, name: 'x', type: '' }, way()).run(), FileUnreadable);
  assert.equal(door.bodies.length, 0);
  const gone = { size: 1000, slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) }) };
  await assert.rejects(new Transfer({ file: gone, name: 'x', type: '' }, way()).run(), FileUnreadable);
});

test('no more than three parts exist at one time, however large the file', async () => {
  const bytes = bytesOf(20 * PART_BYTES);
  const whole = new Blob([bytes]);
  let [read, furthest] = [0, 0];
  const transfer = new Transfer({
    name: 'x', type: '',
    file: { size: bytes.length, slice: (from, to) => { furthest = Math.max(furthest, to - transfer.progress.sent); read += to - from; return whole.slice(from, to); } },
  }, way());
  door.meddle = (path) => (path === PART ? new Promise((resolve) => setTimeout(resolve, 50)) : undefined);
  await arrives(transfer, bytes);
  assert.equal(read, bytes.length);
  assert.ok(furthest <= 3 * PART_BYTES + 4 * 65_536, `${furthest} bytes were read ahead of what was acknowledged`); // parts, and chunks being sealed
  assert.equal(door.mostAtOnce, 3);
});

/** The most bytes, of those that `done` counts, between two turns of everything else. */
async function mostBetweenTurns(done, act) {
  let [most, before, on] = [0, 0, true];
  const turn = () => {
    [most, before] = [Math.max(most, done() - before), done()];
    if (on) setImmediate(turn);
  };
  setImmediate(turn);
  await act();
  on = false;
  return most;
}

test('the page stays alive while a file is sealed: everything else has a turn between its chunks', async () => {
  let read = 0;
  const file = { size: 2_000_000, slice: (from, to) => ({ arrayBuffer: async () => { read += to - from; return new ArrayBuffer(to - from); } }) };
  const most = await mostBetweenTurns(() => read, () => new Transfer({ file, name: 'x', type: '' }, way()).run());
  assert.ok(most <= 2 * 65_536, `${most} bytes in one go`);
});

test('the page stays alive while a file is opened', async (t) => {
  const [file, sealed] = await fromDesk(bytesOf(1_000_000));
  let opened = 0;
  const { Blob } = globalThis; // each chunk that was opened becomes one
  globalThis.Blob = class extends Blob { constructor(parts, how) { super(parts, how); if (!how) opened += this.size; } };
  t.after(() => { globalThis.Blob = Blob; });
  const most = await mostBetweenTurns(() => opened, () => receive([file, sealed]));
  assert.equal(opened, 1_000_000);
  assert.ok(most <= 2 * 65_536, `${most} bytes in one go`);
});

test('progress counts to the end, with a rate and the time that is left', async () => {
  const seen = [];
  await transferOf(fourParts).run({ onProgress: (progress) => seen.push(progress) });
  const { sent, total, rate, left } = seen.at(-1);
  assert.equal(sent, total);
  assert.equal(total, sealedLength(fourParts.length));
  assert.ok(rate > 0 && left === 0);
  assert.equal(seen[0].left, null);
  assert.deepEqual(seen.map((one) => one.sent), seen.map((one) => one.sent).sort((a, b) => a - b));
});

/** A file as the desk seals it: its entry in a content, and the sealed bytes. */
async function fromDesk(bytes, { padding = 0, to = reporter, ...said } = {}) {
  const plaintext = new Uint8Array(paddedFile(bytes.length)).fill(padding, bytes.length);
  plaintext.set(bytes);
  const sealed = Buffer.from(await collect(await sealStream(new Blob([plaintext]).stream(), to.recipient)));
  const id = hex(systemRandom(16));
  return [{ id, name: 'svar.pdf', type: 'application/pdf', size: bytes.length, sealed: hex(sha256(sealed)), ...said }, sealed];
}

/** What comes of fetching a file of which the door holds these bytes. */
async function receive([file, sealed], how) {
  door.fromDesk.set(file.id, sealed);
  return receiveFile(file, way(), how);
}

for (const size of [1, 16_384, 65_537, 600_000]) {
  test(`a file of ${size} bytes from the desk is given whole, as what no browser shows`, async () => {
    const seen = [];
    const blob = await receive(await fromDesk(bytesOf(size)), { onProgress: ({ sent, total }) => seen.push(sent / total) });
    assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), bytesOf(size));
    assert.equal(blob.type, 'application/octet-stream');
    assert.equal(seen.at(-1), 1);
  });
}

test('a part whose answer was lost is fetched again', async () => {
  const lost = new Set();
  door.meddle = (_, body) => { const index = body.readUInt32BE(80); if (!lost.has(index)) return lost.add(index) && 'lose'; };
  const blob = await receive(await fromDesk(bytesOf(600_000)));
  assert.equal(blob.size, 600_000);
});

test('a file with any flipped bit is refused, and nothing of it given', async () => {
  const [file, sealed] = await fromDesk(bytesOf(300_000));
  const header = 22 + 1557 + 48;
  const places = [0, 22, 40, 1533, 1534, 1577, header - 45, header - 2, header - 1, header, header + 15, header + 16, PART_BYTES - 1, PART_BYTES, sealed.length - 1];
  for (let at = 100; at < sealed.length; at += 7_919) places.push(at);
  for (const at of places) {
    const changed = Buffer.from(sealed);
    changed[at] ^= 1 << (at % 8);
    await assert.rejects(receive([file, changed]), FileDamaged, `byte ${at}`);
  }
});

test('every bit of a small sealed part counts', async () => {
  const [file, sealed] = await fromDesk(bytesOf(10));
  for (let bit = 0; bit < 8; bit++) {
    for (let at = bit; at < sealed.length; at += 1999) {
      const changed = Buffer.from(sealed);
      changed[at] ^= 1 << bit;
      await assert.rejects(receive([file, changed]), FileDamaged, `bit ${bit} of byte ${at}`);
    }
  }
});

test('a file that is cut, lengthened, of another size, to another reader, or another file is refused', async () => {
  const bytes = bytesOf(600_000);
  const [file, sealed] = await fromDesk(bytes);
  const other = bytesOf(600_000).reverse();
  for (const wrong of [
    [file, sealed.subarray(0, -1)], [file, sealed.subarray(0, PART_BYTES)], [file, Buffer.concat([sealed, Buffer.alloc(1)])],
    [{ ...file, size: file.size - 20_000 }, sealed], [{ ...file, size: file.size + 20_000 }, sealed],
    [{ ...file, size: file.size + 1 }, (await fromDesk(bytes, { padding: 1 }))[1]],
    [{ ...file, sealed: '0'.repeat(64) }, sealed], [file, (await fromDesk(other))[1]], await fromDesk(bytes, { to: stranger }),
    await fromDesk(bytes, { padding: 1 }),
    [file, Buffer.concat([sealed.subarray(0, PART_BYTES), sealed.subarray(0, PART_BYTES), sealed.subarray(2 * PART_BYTES)])],
  ]) {
    await assert.rejects(receive(wrong), (error) => error instanceof FileDamaged || error instanceof UnexpectedAnswer);
  }
});

test('a file to a second reader is refused, though its length be right', async () => {
  const twice = new Encrypter();
  for (const { recipient } of [reporter, stranger]) twice.addRecipient(recipient);
  const sealed = Buffer.from(await twice.encrypt(new Uint8Array(16_384 - 1557))); // a stanza in the place of zeros
  assert.equal(sealed.length, sealedLength(10));
  const [file] = await fromDesk(bytesOf(10));
  await assert.rejects(receive([{ ...file, sealed: hex(sha256(sealed)) }, sealed]), FileDamaged);
});

test('a size that is one less than the true one is refused: what is behind it is not zero', async () => {
  const [file, sealed] = await fromDesk(bytesOf(50_001));
  await assert.rejects(receive([{ ...file, size: 50_000 }, sealed]), FileDamaged);
});

test('a part in another\'s place is refused', async () => {
  const [file, sealed] = await fromDesk(bytesOf(600_000));
  door.fromDesk.set(file.id, sealed);
  const honest = door.fileFrame.bind(door);
  door.fileFrame = (box, id, index) => honest(box, id, index === 0 ? 1 : index);
  await assert.rejects(receiveFile(file, way()), UnexpectedAnswer);
  door.fileFrame = (box, id, index) => honest(stranger.boxId, id, index);
  await assert.rejects(receiveFile(file, way()), UnexpectedAnswer);
});

test('a file that is not there is told from one that is damaged', async () => {
  const [file] = await fromDesk(bytesOf(10));
  await assert.rejects(receiveFile(file, way()), NoSuchFile);
});

test('fetching can be given up', async () => {
  const giveUp = new AbortController();
  const fetching = receive(await fromDesk(bytesOf(600_000)), { signal: giveUp.signal, onProgress: () => giveUp.abort() });
  await assert.rejects(fetching, TransferCancelled);
});

test('fetching what cannot be reached ends with a name after a few tries', async () => {
  door.offline = true;
  const [file] = await fromDesk(bytesOf(10));
  await assert.rejects(receiveFile(file, way()), WhistleError);
  assert.equal(unhex(file.id, 16).length, 16);
});
