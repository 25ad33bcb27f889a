// @ts-check
// The key card: which groups there are and which keys are theirs, signed by the root (spec section 4). Whoever holds a Card
// holds one that was verified; there is no other way to make one. Reads no clock and fetches nothing.

import { concat, equal, hex, sha256, unbase64, unhex, unutf8, utf8 } from './bytes.js';
import { INSTANCE_BYTES, LABEL_CARD, LABEL_ROOT, label } from './constants.js';
import { readDay } from './days.js';
import {
  CardForged, CardHasEnded, CardMalformed, CardNotFromThisRoot, CardOfAnotherInstance, NoSuchGroup, NotThisSpelling,
} from './errors.js';
import { readRecipient, recipientDigest } from './recipient.js';
import { verify } from './signature.js';

/**
 * @typedef {Readonly<{from: string, until: string | null, key: Uint8Array}>} SigningKey `until` null is open
 * @typedef {Readonly<{epoch: number, text: string, raw: Uint8Array, digest: string}>} GroupKey an age recipient of an epoch
 * @typedef {object} Group
 * @property {string} id
 * @property {Readonly<Record<string, string>>} names by language
 * @property {readonly SigningKey[]} voiceKeys
 * @property {GroupKey} recipient
 * @property {Readonly<{a: GroupKey, b: GroupKey}> | null} rings
 *
 * @typedef {object} Card
 * @property {'production' | 'demo'} label
 * @property {string} instance hexadecimal
 * @property {number} counter
 * @property {string} issued
 * @property {string} ends good through this day
 * @property {readonly SigningKey[]} receiptKeys
 * @property {readonly Readonly<Group>[]} groups
 * @property {readonly string[]} revoked hexadecimal
 * @property {Uint8Array} root
 * @property {string} digest of the whole file, hexadecimal
 * @property {string} text the whole file
 */

const LONGEST_DAYS = 100; // spec section 4: the only bound on rollback that a stateless browser has
const GROUPS_LIMIT = 8;
const COUNTER_LIMIT = 0xffff_ffff;

/**
 * Without `today`, an ended card is read too: whoever reads needs it, and whoever seals asks refuseEnded.
 * @param {Uint8Array} bytes the whole file
 * @param {{rootFingerprint: string, instance: string, today?: string}} known hexadecimal, hexadecimal, YYYY-MM-DD
 * @returns {Readonly<Card>}
 * @throws {CardMalformed | CardNotFromThisRoot | CardForged | CardOfAnotherInstance | CardHasEnded}
 */
export function readCard(bytes, { rootFingerprint, instance, today }) {
  const { card, signed, signature } = parseCard(bytes);
  if (fingerprintOf(card) !== rootFingerprint) throw new CardNotFromThisRoot();
  try {
    verify(LABEL_CARD, card.root, signed, signature);
  } catch {
    throw new CardForged();
  }
  if (card.instance !== instance) throw new CardOfAnotherInstance();
  if (today !== undefined) refuseEnded(card, today);
  return card;
}

/**
 * @param {Pick<Card, 'root'>} card
 * @returns {string} the root fingerprint, hexadecimal
 */
export function fingerprintOf({ root }) {
  return hex(sha256(concat(label(LABEL_ROOT), root)));
}

/**
 * @param {Card} card
 * @param {string} today YYYY-MM-DD
 * @throws {CardHasEnded}
 */
export function refuseEnded(card, today) {
  if (readDay(today) > readDay(card.ends)) throw new CardHasEnded(card.ends);
}

/**
 * @param {Card} card
 * @param {string} id
 * @returns {Readonly<Group>}
 */
export function groupOf(card, id) {
  const group = card.groups.find((one) => one.id === id);
  if (!group) throw new NoSuchGroup();
  return group;
}

/**
 * @param {Card} card
 * @param {Group} group
 * @returns {Uint8Array[]} the voice keys, current and earlier, that are not revoked
 */
export function voicesOf(card, group) {
  return group.voiceKeys.map(({ key }) => key).filter((key) => !card.revoked.includes(hex(key)));
}

/**
 * @param {Card} card
 * @param {string} day YYYY-MM-DD
 * @returns {Uint8Array[]} the receipt keys in whose days it lies, that are not revoked
 */
export function receiptKeysOn(card, day) {
  const good = card.receiptKeys.filter(({ from, until, key }) => from <= day && (until ?? day) >= day && !card.revoked.includes(hex(key)));
  return good.map(({ key }) => key);
}

/**
 * @param {Uint8Array} bytes
 * @returns {{card: Readonly<Card>, signed: Uint8Array, signature: Uint8Array}}
 */
function parseCard(bytes) {
  try {
    const lines = new Lines(unutf8(bytes));
    const card = readLines(lines);
    const signed = utf8(lines.taken);
    const signature = unbase64(lines.take('signature'));
    if (signature.length !== 64 || !equal(utf8(lines.taken), bytes)) throw new CardMalformed('its end');
    return { card: Object.freeze({ ...card, digest: hex(sha256(bytes)), text: lines.taken }), signed, signature };
  } catch (error) {
    throw error instanceof NotThisSpelling ? new CardMalformed(error.message) : error;
  }
}

/** The lines of a card, taken one after another; `taken` is what was taken so far, as text. */
class Lines {
  /** @param {string} text */
  constructor(text) {
    this.left = text.split('\n').reverse();
    this.taken = '';
  }

  /** @returns {string} */
  line() {
    const line = this.left.pop() ?? '';
    this.taken += `${line}\n`;
    return line;
  }

  /**
   * @param {string} key
   * @returns {boolean}
   */
  nextIs(key) {
    return (this.left.at(-1) ?? '').startsWith(`${key}: `);
  }

  /**
   * @param {string} key
   * @returns {string}
   */
  take(key) {
    if (!this.nextIs(key)) throw new CardMalformed(`a line "${key}" is missing`);
    return this.line().slice(key.length + 2);
  }

  /**
   * @param {string} key
   * @returns {string[]}
   */
  takeAll(key) {
    const taken = [];
    while (this.nextIs(key)) taken.push(this.take(key));
    return taken;
  }
}

/**
 * @param {Lines} lines
 * @returns {Omit<Card, 'digest' | 'text'>}
 */
function readLines(lines) {
  if (lines.line() !== 'whistle/1 card') throw new CardMalformed('its first line');
  const name = lines.take('label');
  if (name !== 'production' && name !== 'demo') throw new CardMalformed('its label');
  const instance = hex(unhex(lines.take('instance'), INSTANCE_BYTES));
  const counter = readNumber(lines.take('counter'));
  const [issued, ends] = [lines.take('issued'), lines.take('ends')];
  const days = readDay(ends) - readDay(issued);
  if (days < 0 || days > LONGEST_DAYS) throw new CardMalformed('its days');
  const receiptKeys = readSigningKeys(lines.takeAll('receipt-key'));
  const groups = readGroups(lines);
  const revoked = Object.freeze(lines.takeAll('revoked').map((text) => hex(unhex(text, 32))));
  const root = unhex(lines.take('root'), 32);
  return { label: name, instance, counter, issued, ends, receiptKeys, groups, revoked, root };
}

/**
 * @param {Lines} lines
 * @returns {readonly Readonly<Group>[]}
 */
function readGroups(lines) {
  const groups = [];
  while (lines.nextIs('group')) groups.push(readGroup(lines));
  if (groups.length < 1 || groups.length > GROUPS_LIMIT) throw new CardMalformed('its number of groups');
  if (new Set(groups.map(({ id }) => id)).size !== groups.length) throw new CardMalformed('two groups of one id');
  return Object.freeze(groups);
}

/**
 * @param {Lines} lines
 * @returns {Readonly<Group>}
 */
function readGroup(lines) {
  const id = lines.take('group');
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(id)) throw new CardMalformed('the id of a group');
  const names = readNames(lines.takeAll('name'));
  const voiceKeys = readSigningKeys(lines.takeAll('voice-key'));
  const recipient = readGroupKey(lines.take('recipient'));
  const rings = lines.nextIs('ring-a')
    ? Object.freeze({ a: readGroupKey(lines.take('ring-a')), b: readGroupKey(lines.take('ring-b')) })
    : null;
  return Object.freeze({ id, names, voiceKeys, recipient, rings });
}

/**
 * @param {string[]} texts
 * @returns {Readonly<Record<string, string>>}
 */
function readNames(texts) {
  /** @type {Record<string, string>} */
  const names = {};
  for (const text of texts) {
    const [, language, name] = /^([a-z]{2}) (.+)$/su.exec(text) ?? [];
    if (!language || !name || Object.hasOwn(names, language)) throw new CardMalformed('the name of a group');
    // Of separators only the plain space: the Python reader's isprintable() draws the line in the same place.
    if ([...name].length > 80 || /[\p{C}\p{Z}]/u.test(name.replaceAll(' ', ''))) throw new CardMalformed('the name of a group');
    names[language] = name;
  }
  if (texts.length === 0) throw new CardMalformed('a group without a name');
  return Object.freeze(names);
}

/**
 * @param {string[]} texts
 * @returns {readonly SigningKey[]}
 */
function readSigningKeys(texts) {
  const keys = texts.map((text, i) => {
    const [, from, until, key] = /^(\S+) (\S+) (\S+)$/.exec(text) ?? [];
    if (!from || !until || !key || (until === 'open') !== (i === texts.length - 1)) throw new CardMalformed('a signing key');
    if (readDay(until === 'open' ? from : until) < readDay(from)) throw new CardMalformed('a signing key that ends before it begins');
    return Object.freeze({ from, until: until === 'open' ? null : until, key: unhex(key, 32) });
  });
  if (keys.length === 0) throw new CardMalformed('no signing key');
  return Object.freeze(keys);
}

/**
 * @param {string} line
 * @returns {GroupKey}
 */
function readGroupKey(line) {
  const [, epoch, text] = /^(\S+) (\S+)$/.exec(line) ?? [];
  if (!epoch || !text) throw new CardMalformed('the recipient of a group');
  const raw = readRecipient(text);
  return Object.freeze({ epoch: readNumber(epoch), text, raw, digest: hex(recipientDigest(raw)) });
}

/**
 * @param {string} text
 * @returns {number}
 */
function readNumber(text) {
  if (!/^[1-9][0-9]{0,9}$/.test(text) || Number(text) > COUNTER_LIMIT) throw new CardMalformed('a number');
  return Number(text);
}
