// @ts-check
// The receipt: the desk's signed word that some bytes arrived on a day, and not that anybody read them (spec section 6.4).

import { hex, unbase64, unutf8, utf8 } from './bytes.js';
import { receiptKeysOn } from './card.js';
import { LABEL_RECEIPT } from './constants.js';
import { readDay } from './days.js';
import { BadSignature, NotAReceipt } from './errors.js';
import { verify } from './signature.js';

const RECEIPT = new RegExp('^(whistle/1 receipt\ninstance: ([0-9a-f]{32})\nbox: ([0-9a-f]{64})\nsealed: ([0-9a-f]{64})\n'
  + 'card: ([0-9a-f]{64})\nday: ([0-9-]{10})\nkey: ([0-9a-f]{64})\n)signature: ([A-Za-z0-9+/]{86})\n$');

/** @typedef {Readonly<{sealed: string, day: string, text: string}>} Receipt of which bytes (their SHA-256), from which day, and as a whole */

/**
 * @param {Uint8Array} bytes
 * @param {{box: string, there: {has: (sealed: string) => boolean}, card: import('./card.js').Card}} found in which box, with what in it
 * @returns {Receipt}
 * @throws {NotAReceipt | BadSignature} the latter too if it is of another box, of what is not there, or by another key
 */
export function readReceipt(bytes, found) {
  const { text, signed, instance, box, sealed, day, key, signature } = parseReceipt(bytes);
  const signer = receiptKeysOn(found.card, day).find((one) => hex(one) === key);
  if (!signer || instance !== found.card.instance || box !== found.box || !found.there.has(sealed)) throw new BadSignature();
  verify(LABEL_RECEIPT, signer, utf8(signed), signature);
  return Object.freeze({ sealed, day, text });
}

/**
 * @param {Uint8Array} bytes
 * @throws {NotAReceipt}
 */
export function parseReceipt(bytes) {
  try {
    const text = unutf8(bytes);
    const [, signed = '', instance, box, sealed = '', card, day = '', key, signature = ''] = RECEIPT.exec(text) ?? [];
    readDay(day);
    return { text, signed, instance, box, sealed, card, day, key, signature: unbase64(signature) };
  } catch {
    throw new NotAReceipt();
  }
}
