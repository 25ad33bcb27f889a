// @ts-check
// The signed plaintext: version line, signature line, JSON, spaces (spec section 6.1). What an envelope holds once it is open.

import { base64, concat, equal, unbase64, unutf8, utf8 } from './bytes.js';
import { IDENTITY_FIELD, PLAINTEXT_FLOOR, PLAINTEXT_LIMIT, PREAMBLE_BYTES, PROTOCOL } from './constants.js';
import { readContent, writeContent } from './content.js';
import { NotAPlaintext, TextTooLong } from './errors.js';
import { sign } from './signature.js';

const SPACE = 0x20;
const VERSION_LINE = utf8(`${PROTOCOL}\n`);
/** What a report without an identity lacks to one with it: the field and its quotation marks, for `null`. */
const IDENTITY_ROOM = IDENTITY_FIELD + 2 - 4;

/**
 * @param {number} length at least 2
 * @returns {number} the next Padmé size
 */
export function padme(length) {
  const exponent = Math.floor(Math.log2(length)); // exact here: lengths are far below 2^48
  const step = 2 ** (exponent - (Math.floor(Math.log2(exponent)) + 1));
  return Math.ceil(length / step) * step;
}

/**
 * @param {number} length bytes before padding, preamble included
 * @param {boolean} asIfIdentity a report whose identity is null
 * @returns {number} bytes of the padded plaintext
 * @throws {TextTooLong}
 */
export function paddedSize(length, asIfIdentity) {
  const size = Math.max(PLAINTEXT_FLOOR, padme(length + (asIfIdentity ? IDENTITY_ROOM : 0)));
  if (size > PLAINTEXT_LIMIT) throw new TextTooLong();
  return size;
}

/**
 * @param {import('./content.js').Content} content
 * @param {string} purpose LABEL_REPORTER or LABEL_VOICE
 * @param {Uint8Array} seed 32 bytes
 * @returns {{json: Uint8Array, plaintext: Uint8Array}}
 */
export function signAndPad(content, purpose, seed) {
  const json = writeContent(content);
  const plaintext = new Uint8Array(paddedSize(PREAMBLE_BYTES + json.length, lacksIdentity(content))).fill(SPACE);
  plaintext.set(concat(VERSION_LINE, utf8(`${base64(sign(purpose, seed, json))}\n`), json));
  return { json, plaintext };
}

/**
 * @typedef {object} Plaintext
 * @property {Uint8Array} signature 64 bytes, not verified yet
 * @property {Uint8Array} json
 * @property {Readonly<import('./content.js').Content>} content
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Plaintext}
 * @throws {NotAPlaintext | import('./errors.js').WhistleError}
 */
export function readPlaintext(bytes) {
  if (bytes.length < PLAINTEXT_FLOOR || bytes.length > PLAINTEXT_LIMIT) throw new NotAPlaintext('its size');
  if (!equal(bytes.subarray(0, VERSION_LINE.length), VERSION_LINE)) throw new NotAPlaintext('its first line');
  const signature = readSignatureLine(bytes.subarray(VERSION_LINE.length, PREAMBLE_BYTES));
  let end = bytes.length;
  while (end > PREAMBLE_BYTES && bytes[end - 1] === SPACE) end--;
  const json = bytes.slice(PREAMBLE_BYTES, end);
  const content = readContent(json);
  if (bytes.length !== paddedSize(end, lacksIdentity(content))) throw new NotAPlaintext('its size');
  return { signature, json, content };
}

/**
 * @param {Uint8Array} line
 * @returns {Uint8Array}
 */
function readSignatureLine(line) {
  try {
    const text = unutf8(line);
    const signature = unbase64(text.slice(0, -1));
    if (text.endsWith('\n') && signature.length === 64) return signature;
  } catch {
    // The refusal below is the same for every wrong spelling.
  }
  throw new NotAPlaintext('its signature line');
}

/**
 * @param {import('./content.js').Content} content
 * @returns {boolean}
 */
function lacksIdentity(content) {
  return content.kind === 'report' && content.body.identity === null;
}
