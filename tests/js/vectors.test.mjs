// Runs every shared vector that concerns a browser through our modules. wrapped-keys.json is the desk's alone.

import assert from 'node:assert/strict';
import { concat, hex, sha256, u32, unhex, utf8 } from '../../browser/src/bytes.js';
import { readJson } from '../../browser/src/canonical.js';
import { readCard } from '../../browser/src/card.js';
import { Chains } from '../../browser/src/chain.js';
import { formatCode, readCode } from '../../browser/src/code.js';
import { LABEL_REPORTER } from '../../browser/src/constants.js';
import { contentHash, readContent } from '../../browser/src/content.js';
import { continuationOf } from '../../browser/src/continuing.js';
import { deriveKeys } from '../../browser/src/derive.js';
import { checkEnvelope } from '../../browser/src/envelope.js';
import * as errors from '../../browser/src/errors.js';
import { padIdentity } from '../../browser/src/identity.js';
import { receiveFile } from '../../browser/src/files.js';
import { countOf, paddedFile, partLength, partRecord, readPart, sealedLength } from '../../browser/src/parts.js';
import { padme, paddedSize, readPlaintext } from '../../browser/src/plaintext.js';
import { zeroBits } from '../../browser/src/proof.js';
import { parseReceipt, readReceipt } from '../../browser/src/receipt.js';
import { verify } from '../../browser/src/signature.js';
import { readEntry } from '../../browser/src/thread.js';
import { fetchBody, fileBody, readPages, submission } from '../../browser/src/wire.js';
import { testVectors } from './vectors.js';

testVectors('code.json', 58, {
  bad_letter: [errors.CodeHasBadCharacter],
  wrong_length: [errors.CodeHasWrongLength],
  mistyped: [errors.CodeMistyped],
}, ({ operation, input, at, letter, letters, correction }) => {
  if (operation === 'write') return formatCode(unhex(input, 16));
  try {
    return hex(readCode(input));
  } catch (error) {
    if (error instanceof errors.CodeHasBadCharacter) assert.deepEqual([error.position - 1, error.character], [at, letter]);
    if (error instanceof errors.CodeHasWrongLength) assert.equal(error.letters, letters);
    if (error instanceof errors.CodeMistyped) assert.equal(error.suggestion, correction);
    throw error;
  }
});

testVectors('derivation.json', 6, {}, ({ input, expect }) => {
  const keys = deriveKeys(unhex(input.code, 16), unhex(input.instance, 16));
  const { age_seed, board } = expect; // the seed is within the identity; the board key is reserved
  return {
    signing_seed: hex(keys.signingSeed), signing: hex(keys.signingPublic), age_seed, age_identity: keys.identity,
    recipient: keys.recipient, recipient_digest: hex(keys.recipientDigest), access_token: hex(keys.accessToken), board,
    box: hex(keys.boxId),
  };
});

testVectors('padme.json', 63, { too_large: [errors.TextTooLong] }, ({ operation, input }) =>
  operation === 'padme' ? padme(input) : paddedSize(input.length, input.as_if_identity));

const notCanonical = [errors.NotCanonical];
testVectors('json.json', 101, {
  not_json: notCanonical, ill_formed: notCanonical, not_canonical: notCanonical, not_integer: notCanonical,
  integer_limit: notCanonical, too_deep: notCanonical,
}, ({ input }, bytes) => {
  readJson(bytes(input));
  return 'accepted';
});

const notAContent = [errors.NotAContent];
testVectors('contents.json', 784, {
  not_canonical: notCanonical, fields: notAContent, unknown_kind: [errors.UnknownKind],
  wrong_direction: [errors.UnknownKind], wrong_sequence: notAContent, empty_text: [errors.TextEmpty], too_long: [errors.TextTooLong],
  bad_value: [errors.NotAContent, errors.TextEmpty],
}, ({ input }, bytes) => {
  const json = bytes(input);
  const { direction, kind, sequence } = readContent(json);
  return { direction, kind, sequence, hash: contentHash(json) };
});

testVectors('plaintext.json', 49, {
  preamble: [errors.NotAPlaintext, errors.NotCanonical], signature_spelling: [errors.NotAPlaintext], size: [errors.NotAPlaintext],
  padding: notCanonical,
}, ({ input }, bytes, given) => {
  const { json, signature } = readPlaintext(bytes(input));
  verify(LABEL_REPORTER, unhex(given.reporter, 32), json, signature);
  return { json: json.length, hash: contentHash(json) };
});

const badSignature = [errors.BadSignature];
testVectors('signatures.json', 69, {
  equation: badSignature, scalar: badSignature, public_key: badSignature, point: badSignature,
}, ({ input }, bytes) => {
  verify(input.label, Buffer.from(input.public_key, 'hex'), bytes(input.message), Buffer.from(input.signature, 'hex'));
  return 'verified';
});

testVectors('continues.json', 10, {}, ({ input: { code, instance, box } }) =>
  continuationOf(deriveKeys(unhex(code, 16), unhex(instance, 16)), unhex(box, 32)).body, ({ operation }) => operation === 'write'); // a browser checks none

testVectors('card.json', 151, {
  malformed: [errors.CardMalformed], other_root: [errors.CardNotFromThisRoot], bad_signature: [errors.CardForged],
  other_instance: [errors.CardOfAnotherInstance], ended: [errors.CardHasEnded],
}, ({ input }, bytes) => {
  const { instance, today, root_fingerprint: rootFingerprint } = input;
  const { digest, label, counter, issued, ends, groups, revoked } = readCard(bytes(input.card), { rootFingerprint, instance, today });
  return { digest, label, counter, issued, ends, groups: groups.map(({ id }) => id), revoked: [...revoked] };
});

testVectors('envelope.json', 85, { not_an_envelope: [errors.NotAnEnvelope] }, ({ input }, bytes) => {
  const envelope = bytes(input);
  const { stanzas, plaintext } = checkEnvelope(envelope);
  return { stanzas, plaintext, sha256: hex(sha256(envelope)) };
});

testVectors('receipts.json', 224, {
  not_a_receipt: [errors.NotAReceipt], key: badSignature, other_instance: badSignature, other_box: badSignature, not_there: badSignature,
  signature: badSignature, equation: badSignature, public_key: badSignature, point: badSignature, scalar: badSignature,
}, ({ operation, input }, bytes, { root_fingerprint: rootFingerprint, today }) => {
  if (operation === 'parse') {
    const { instance, box, sealed, card, day, key, signature } = parseReceipt(bytes(input));
    return { instance, box, sealed, card, day, key, signature: hex(signature) };
  }
  const whole = bytes(input.card);
  const [, instance] = /^instance: (.*)$/m.exec(whole.toString());
  readReceipt(bytes(input.receipt), { box: input.box, there: new Set(input.there), card: readCard(whole, { rootFingerprint, instance, today }) });
  return 'verified';
});

testVectors('parts.json', 232, { not_a_part: [errors.UnexpectedAnswer] }, ({ operation, input, expect }, bytes) => PARTS[operation](input, bytes, expect),
  ({ operation, expect }) => ['record', 'size'].includes(operation) || (operation !== 'payload' && expect !== 'refused')); // a browser writes the others

const accessOf = ({ box, token }) => ({ boxId: unhex(box, 32), accessToken: unhex(token, 32) });
const idOf = ({ file }) => unhex(file, 16);

const PARTS = {
  size(size) {
    const sealed = sealedLength(size);
    const parts = countOf(sealed);
    return { padded: paddedFile(size), sealed, parts, last: partLength(sealed, parts - 1) };
  },
  record(input, bytes) {
    const record = bytes(input);
    // A browser knows which part it asked for: the one that the record says to be, and no other.
    const [id, view] = [record.subarray(0, 16), record.length < 28 ? Buffer.alloc(28) : record];
    const [length, index] = [Number(view.readBigUInt64BE(16)), view.readUInt32BE(24)];
    const part = readPart(record, id, length, index);
    if (part.length === 0) throw new errors.UnexpectedAnswer('no part');
    return { file: hex(id), length, index, part: hex(sha256(part)) };
  },
  begin({ body }, bytes, expect) {
    const whole = bytes(body);
    const part = whole.subarray(74 + expect.challenge.length + 28);
    const record = partRecord(idOf(expect), expect.length, expect.index, part);
    assert.deepEqual(Buffer.from(submission(accessOf(expect), unhex(expect.proof, 8), expect.challenge, record)), whole);
    return { ...expect, part: hex(sha256(part)) };
  },
  part(input, bytes, expect) {
    const whole = bytes(input);
    const part = whole.subarray(64 + 28);
    assert.deepEqual(Buffer.from(fileBody(accessOf(expect), partRecord(idOf(expect), expect.length, expect.index, part))), whole);
    return { ...expect, part: hex(sha256(part)) };
  },
  cancel(input, bytes, expect) {
    assert.deepEqual(Buffer.from(fileBody(accessOf(expect), idOf(expect))), bytes(input));
    return expect;
  },
  file(input, bytes, expect) {
    assert.deepEqual(Buffer.from(fileBody(accessOf(expect), idOf(expect), u32(expect.index))), bytes(input));
    return expect;
  },
};

const damaged = [errors.FileDamaged, errors.UnexpectedAnswer];
testVectors('files.json', 62, {
  parts: [...damaged, errors.NoSuchFile], sealed: damaged, size: damaged, padding: damaged, recipients: damaged, payload: damaged,
}, async ({ input: { file, records } }, bytes, { code, instance }) => {
  const there = records.map(bytes);
  const filePart = async (_, id, index) => {
    const found = there.find((record) => hex(record.subarray(0, 16)) === hex(id) && record.readUInt32BE(24) === index);
    if (!found) throw new errors.NoSuchFile();
    return found;
  };
  const way = { keys: deriveKeys(unhex(code, 16), unhex(instance, 16)), intake: { filePart, pauses: [] } };
  const plaintext = new Uint8Array(await (await receiveFile(file, way)).arrayBuffer());
  return { name: file.name, type: file.type, size: plaintext.length, sha256: hex(sha256(plaintext)) };
});

testVectors('identity.json', 111, { empty: [errors.IdentityEmpty], too_long: [errors.IdentityTooLong] }, ({ input }) => {
  const padded = padIdentity(input);
  return { json: Buffer.from(padded).toString().trimEnd(), sha256: hex(sha256(padded)) };
}, ({ operation }) => operation === 'write'); // a browser opens none

class Verdict extends Error {}
class Foreign extends Verdict {}
class Malformed extends Verdict {}
class Forged extends Verdict {}

testVectors('contents-sealed.json', 60, {
  foreign: [Foreign], malformed: [Malformed], forged: [Forged], keys: [Foreign],
}, async ({ input }, bytes, given) => {
  const instance = unhex(given.instance, 16);
  const keys = deriveKeys(unhex(input.reader === 'other_reporter' ? given.other_code : given.code, 16), instance);
  const card = { instance: given.instance, revoked: [], groups: [{ id: given.group, voiceKeys: [{ key: unhex(given.voice, 32) }] }] };
  // What was found in a box was asked for with the keys of that box.
  const reader = { card, keys: { ...keys, boxId: unhex(given.box, 32) } };
  const entry = { direction: input.direction, box: reader.keys.boxId, envelope: bytes(input.envelope) };
  const found = await readEntry(entry, reader);
  assert.equal(await readEntry({ ...entry, box: keys.signingPublic }, reader), 'foreign'); // filed elsewhere, whatever it is
  if (typeof found === 'string') throw new { foreign: Foreign, malformed: Malformed, forged: Forged }[found]();
  const { kind, direction, sequence, body } = found.content;
  return { kind, direction, sequence, hash: found.hash, text: body.text };
}, ({ input, name, error }) => ['reporter', 'other_reporter'].includes(input.reader) || error === 'malformed' || name.startsWith('an envelope'));
// The rest is what the desk opens with its own keys; what is malformed or changed is so for the reporter, who can open it, too.

testVectors('thread.json', 59, {}, ({ input }) => {
  const hashOf = (name) => (name === '' ? '0'.repeat(64) : hex(sha256(utf8(name))));
  const chains = new Chains();
  const verdicts = input.map(({ direction, sequence, hash, previous, seen }) => {
    const link = { direction, sequence, hash: hashOf(hash), previous: hashOf(previous), seen: { sequence: seen[0], hash: hashOf(seen[1]) } };
    const { verdict, missing } = chains.take(link);
    return verdict === 'gap' ? `gap ${missing}` : verdict;
  });
  return { verdicts, withheld: chains.withheld() };
});

testVectors('wire.json', 84, {
  no_such_box: [errors.NoSuchBox], not_pages: [errors.UnexpectedAnswer], challenge_refused: [errors.UnexpectedAnswer],
}, ({ operation, input, expect }, bytes) => WIRE[operation](input, bytes, expect),
({ operation, expect }) => ['pages', 'proof'].includes(operation) || expect !== 'refused'); // a browser writes the others, and reads none

const WIRE = {
  submission(input, bytes, expect) {
    const body = bytes(input);
    const envelope = body.subarray(32 + 32 + 8 + 2 + expect.challenge.length);
    const keys = { boxId: unhex(expect.box, 32), accessToken: unhex(expect.token, 32) };
    assert.deepEqual(Buffer.from(submission(keys, unhex(expect.proof, 8), expect.challenge, envelope)), body);
    return { ...expect, envelope: hex(sha256(envelope)) };
  },
  fetch(input, bytes, expect) {
    const keys = { boxId: unhex(expect.box, 32), accessToken: unhex(expect.token, 32) };
    assert.deepEqual(Buffer.from(fetchBody(keys, expect.after)), bytes(input));
    return expect;
  },
  pages(input, bytes) {
    const { more, frames } = readPages(bytes(input));
    const directions = { 'to-desk': 1, 'to-reporter': 2, receipt: 3, part: 4 };
    return {
      more,
      frames: frames.map(({ position, direction, day, box, envelope }) => ({
        position, direction: directions[direction], day, box: hex(box), length: envelope.length, sha256: hex(sha256(envelope)),
      })),
    };
  },
  proof({ challenge, proof, difficulty }) {
    if (zeroBits(sha256(concat(utf8(challenge), unhex(proof, 8)))) < difficulty) throw new errors.UnexpectedAnswer('its proof');
    return 'accepted';
  },
};
