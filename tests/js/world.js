// A small world for the tests: a root, a card with one group, a desk with its keys, a reporter. Everything in it comes from
// fixed codes through our own derivation; nothing in it is ever real.

import { base64, hex, sha256, concat, utf8 } from '../../browser/src/bytes.js';
import { readCard } from '../../browser/src/card.js';
import { LABEL_CARD, LABEL_RECEIPT, LABEL_REPORTER, LABEL_ROOT, LABEL_VOICE, label } from '../../browser/src/constants.js';
import { contentHash, NOTHING, writeContent } from '../../browser/src/content.js';
import { deriveKeys } from '../../browser/src/derive.js';
import { sealContent } from '../../browser/src/seal.js';
import { sign } from '../../browser/src/signature.js';

export const INSTANCE = '101112131415161718191a1b1c1d1e1f';
export const DAY = '2026-11-21';

export const keysOf = (byte, instance = INSTANCE) => deriveKeys(new Uint8Array(16).fill(byte), Buffer.from(instance, 'hex'));
export const [root, desk, voice, reporter, stranger] = [1, 2, 3, 4, 5].map((byte) => keysOf(byte));
export const receiptKey = stranger;

export const rootFingerprint = hex(sha256(concat(label(LABEL_ROOT), root.signingPublic)));
export const known = { rootFingerprint, instance: INSTANCE, today: DAY };

/** The text of a card up to its root line; its group has the rings that are given. */
export function cardText({ instance = INSTANCE, revoked = [], rings = [] } = {}) {
  return [
    'whistle/1 card', 'label: demo', `instance: ${instance}`, 'counter: 1', 'issued: 2026-11-01', 'ends: 2027-01-30',
    `receipt-key: 2026-11-01 open ${hex(stranger.signingPublic)}`,
    'group: risk', 'name: da Risikostyring', 'name: en Risk control',
    `voice-key: 2026-11-01 open ${hex(voice.signingPublic)}`, `recipient: 1 ${desk.recipient}`,
    ...rings.map((ring, i) => `ring-${'ab'[i]}: 1 ${ring.recipient}`), ...revoked.map((key) => `revoked: ${key}`), `root: ${hex(root.signingPublic)}`, '',
  ].join('\n');
}

export function signCard(text, seed = root.signingSeed) {
  return utf8(`${text}signature: ${base64(sign(LABEL_CARD, seed, utf8(text)))}\n`);
}

export const card = readCard(signCard(cardText()), known);
export const rings = [6, 7].map((byte) => keysOf(byte));
export const ringed = readCard(signCard(cardText({ rings })), known);

/** The desk's receipt of some bytes; `other` lines take the place of its own. */
export function receiptOf(sealed, { box = hex(reporter.boxId), day = DAY, key = hex(receiptKey.signingPublic), instance = INSTANCE, seed = receiptKey.signingSeed } = {}) {
  const lines = ['whistle/1 receipt', `instance: ${instance}`, `box: ${box}`, `sealed: ${hex(sha256(sealed))}`, `card: ${card.digest}`, `day: ${day}`, `key: ${key}`, ''];
  const signed = lines.join('\n');
  return utf8(`${signed}signature: ${base64(sign(LABEL_RECEIPT, seed, utf8(signed)))}\n`);
}

/** A content to or from the reporter; `previous` and `seen` are contents or null. */
export function contentOf(direction, kind, body, { sequence = 1, previous = null, seen = null, ...other } = {}) {
  return {
    instance: INSTANCE, box: hex(reporter.boxId), direction, kind, group: 'risk', epoch: 1, recipient: hex(desk.recipientDigest),
    sequence, previous: previous ? contentHash(writeContent(previous)) : NOTHING,
    seen: seen ? { sequence: seen.sequence, hash: contentHash(writeContent(seen)) } : { sequence: 0, hash: NOTHING },
    body, ...other,
  };
}

export function reportOf(keys = reporter, other = {}) {
  const body = { signing: hex(keys.signingPublic), reply_to: keys.recipient, language: 'da', text: 'Bogført to gange', answers: [], identity: null };
  return contentOf('to-desk', 'report', body, other);
}

/** A content sealed as its writer seals it, found in its place of the reporter's box. */
export async function entryOf(position, content, { seed, recipients = [desk.recipient, reporter.recipient], direction = content.direction } = {}) {
  const [purpose, own] = content.direction === 'to-desk' ? [LABEL_REPORTER, reporter.signingSeed] : [LABEL_VOICE, voice.signingSeed];
  return { position, direction, day: DAY, box: reporter.boxId, envelope: await sealContent(content, purpose, seed ?? own, recipients) };
}
