// @ts-check
// The shape of an envelope (spec section 8): hybrid stanzas alone, a header MAC, a permitted length. Opens nothing.

import { unbase64 } from './bytes.js';
import { CHUNK_BYTES, HEADER_LIMIT, PLAINTEXT_FLOOR, PLAINTEXT_LIMIT, STANZAS_LIMIT } from './constants.js';
import { NotAnEnvelope } from './errors.js';
import { padme } from './plaintext.js';

const B = '[A-Za-z0-9+/]';
const STANZA = `-> mlkem768x25519 (${B}{1494})\n(${B}{43})\n`;
const HEADER = new RegExp(`^age-encryption\\.org/v1\n((?:${STANZA}){1,${STANZAS_LIMIT}})--- (${B}{43})\n`);
const NONCE_BYTES = 16;
const TAG_BYTES = 16;

/**
 * @param {Uint8Array} bytes
 * @returns {{stanzas: number, plaintext: number}} how many stanzas, and the padded size of what is inside
 * @throws {NotAnEnvelope}
 */
export function checkEnvelope(bytes) {
  const { stanzas, length } = checkHeader(bytes);
  return { stanzas, plaintext: plaintextSize(bytes.length - length) };
}

/**
 * All that is asked of an envelope before it is opened: what it holds is judged once it is open.
 * @param {Uint8Array} bytes
 * @returns {{stanzas: number, length: number}} how many stanzas, and the bytes of the header
 * @throws {NotAnEnvelope}
 */
export function checkHeader(bytes) {
  const header = HEADER.exec(String.fromCharCode(...bytes.subarray(0, HEADER_LIMIT)));
  if (!header) throw new NotAnEnvelope('its header');
  const fields = [...(header[1] ?? '').matchAll(new RegExp(STANZA, 'g'))].flatMap(([, share, body]) => [share ?? '', body ?? '']);
  for (const field of [...fields, header.at(-1) ?? '']) spelled(field);
  return { stanzas: fields.length / 2, length: header[0].length };
}

/** @param {string} field */
function spelled(field) {
  try {
    unbase64(field);
  } catch {
    throw new NotAnEnvelope('its base64');
  }
}

/**
 * @param {number} payload bytes
 * @returns {number}
 */
function plaintextSize(payload) {
  const chunks = Math.ceil((payload - NONCE_BYTES) / (CHUNK_BYTES + TAG_BYTES));
  const size = payload - NONCE_BYTES - chunks * TAG_BYTES;
  const permitted = size >= PLAINTEXT_FLOOR && size <= PLAINTEXT_LIMIT && padme(size) === size;
  if (!permitted || chunks !== Math.ceil(size / CHUNK_BYTES)) throw new NotAnEnvelope('its length');
  return size;
}
