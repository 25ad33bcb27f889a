// @ts-check
// Reading a box: each entry gets exactly one verdict, in the order of their places (spec section 7). Shows nothing, fetches nothing.

import { equal, hex, unhex } from './bytes.js';
import { groupOf, voicesOf } from './card.js';
import { Chains } from './chain.js';
import { LABEL_REPORTER, LABEL_VOICE } from './constants.js';
import { contentHash } from './content.js';
import { boxIdOf } from './derive.js';
import { BadSignature, DoesNotOpen, NotAnEnvelope, WhistleError } from './errors.js';
import { readPlaintext } from './plaintext.js';
import { readRecipient } from './recipient.js';
import { openEnvelope } from './seal.js';
import { verify } from './signature.js';

/**
 * @typedef {import('./wire.js').Frame} Frame
 * @typedef {import('./content.js').Content} Content
 * @typedef {import('./content.js').Direction} Direction
 * @typedef {'foreign' | 'malformed' | 'forged' | import('./chain.js').ChainVerdict} Verdict
 * @typedef {{keys: import('./derive.js').Keys, card: import('./card.js').Card}} Reader
 *
 * @typedef {object} Item
 * @property {number} place
 * @property {Frame['direction']} direction where it was found
 * @property {string} day
 * @property {Verdict} verdict
 * @property {number} missing how many contents are missing before it, in a gap
 * @property {string | null} hash content hash, if it was taken
 * @property {Readonly<Content> | null} content if it was taken, and never otherwise
 * @property {{day: string} | null} receipt on which day the desk got exactly these bytes, if it said so
 *
 * @typedef {object} Thread
 * @property {Readonly<Item>[]} items
 * @property {Record<'to-desk' | 'to-reporter', import('./content.js').Seen>} last
 * @property {Record<'to-desk' | 'to-reporter', number>} withheld
 */

/**
 * @param {readonly Frame[]} entries of one box
 * @param {Reader} reader
 * @returns {Promise<Readonly<Thread>>}
 */
export async function readThread(entries, reader) {
  const chains = new Chains();
  const items = [];
  for (const entry of [...entries].sort((a, b) => a.position - b.position)) {
    items.push(await readItem(entry, reader, chains));
  }
  const last = { 'to-desk': chains.lastOf('to-desk'), 'to-reporter': chains.lastOf('to-reporter') };
  return Object.freeze({ items, last, withheld: chains.withheld() });
}

/**
 * @param {Frame} entry
 * @param {Reader} reader
 * @param {Chains} chains
 * @returns {Promise<Readonly<Item>>}
 */
async function readItem(entry, reader, chains) {
  const { position: place, direction, day } = entry;
  const opened = await readEntry(entry, reader);
  if (typeof opened === 'string') {
    return Object.freeze({ place, direction, day, verdict: opened, missing: 0, hash: null, content: null, receipt: null });
  }
  const { content, hash } = opened;
  const { verdict, missing } = chains.take({ ...content, hash });
  const taken = verdict === 'verified' || verdict === 'gap';
  const shown = taken ? { hash, content } : { hash: null, content: null };
  return Object.freeze({ place, direction, day, verdict, missing, ...shown, receipt: null });
}

/**
 * Steps 1 to 3: the content and its hash, or the verdict that ends it.
 * @param {Pick<Frame, 'direction' | 'box' | 'envelope'>} entry
 * @param {Reader} reader
 * @returns {Promise<{content: Readonly<Content>, hash: string} | 'foreign' | 'malformed' | 'forged'>}
 */
export async function readEntry({ direction, box, envelope }, reader) {
  if (!equal(box, reader.keys.boxId)) return 'foreign';
  let bytes, plaintext;
  try {
    bytes = await openEnvelope(envelope, reader.keys.identity);
  } catch (error) {
    if (error instanceof DoesNotOpen || error instanceof NotAnEnvelope) return 'foreign';
    throw error;
  }
  try {
    plaintext = readPlaintext(bytes);
  } catch (error) {
    if (error instanceof WhistleError) return 'malformed';
    throw error;
  }
  const { content, json, signature } = plaintext;
  if (content.direction !== direction || !belongsHere(content, reader)) return 'foreign';
  const [purpose, writers] = writersOf(content, reader);
  return writers.some((key) => isSignedBy(key, purpose, json, signature)) ? { content, hash: contentHash(json) } : 'forged';
}

/**
 * @param {Content} content
 * @param {Reader} reader
 * @returns {boolean} whether instance, box and group are this reader's, and a report's own keys those of the box
 */
function belongsHere(content, { keys, card }) {
  const boxId = hex(keys.boxId);
  if (content.instance !== card.instance || content.box !== boxId) return false;
  if (!card.groups.some(({ id }) => id === content.group)) return false;
  return content.kind !== 'report' || hex(boxIdOf(unhex(content.body.signing, 32), readRecipient(content.body.reply_to))) === boxId;
}

/**
 * @param {Content} content
 * @param {Reader} reader
 * @returns {[string, Uint8Array[]]} the label of its signature, and the keys that may have made it
 */
function writersOf(content, { keys, card }) {
  if (content.direction === 'to-desk') return [LABEL_REPORTER, [keys.signingPublic]];
  return [LABEL_VOICE, voicesOf(card, groupOf(card, content.group))];
}

/**
 * @param {Uint8Array} key
 * @param {string} purpose
 * @param {Uint8Array} json
 * @param {Uint8Array} signature
 * @returns {boolean}
 */
function isSignedBy(key, purpose, json, signature) {
  try {
    verify(purpose, key, json, signature);
    return true;
  } catch (error) {
    if (error instanceof BadSignature) return false;
    throw error;
  }
}
