// @ts-check
// A sealed file in parts: how long it is, where its parts begin, the record that carries one (spec sections 6.4 and 8). Pure layout.

import { concat, equal, u32 } from './bytes.js';
import { CHUNK_BYTES, FILE_ID_BYTES, PART_BYTES, PLAINTEXT_FLOOR, STANZA_BYTES } from './constants.js';
import { UnexpectedAnswer } from './errors.js';
import { padme } from './plaintext.js';

const HEADER_BYTES = 22 + STANZA_BYTES + 48; // version line, one stanza, header MAC
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
const HEAD_BYTES = FILE_ID_BYTES + 8 + 4;

/**
 * @param {number} size
 * @returns {number} bytes of a file of this size with the zeros behind it
 */
export function paddedFile(size) {
  return padme(Math.max(PLAINTEXT_FLOOR, size));
}

/**
 * @param {number} size
 * @returns {number} bytes of a file of this size once it is sealed, to the one recipient that it has
 */
export function sealedLength(size) {
  const padded = paddedFile(size);
  return HEADER_BYTES + NONCE_BYTES + padded + TAG_BYTES * Math.ceil(padded / CHUNK_BYTES);
}

/**
 * @param {number} length of the sealed file
 * @returns {number} how many parts it has
 */
export function countOf(length) {
  return Math.ceil(length / PART_BYTES);
}

/**
 * @param {number} length of the sealed file
 * @param {number} index
 * @returns {number} bytes of a part; 0 where there is none
 */
export function partLength(length, index) {
  return Math.max(0, Math.min(PART_BYTES, length - index * PART_BYTES));
}

/**
 * @param {Uint8Array} id
 * @param {number} length of the sealed file
 * @param {number} index
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}
 */
export function partRecord(id, length, index, bytes) {
  return concat(id, u32(Math.floor(length / 2 ** 32)), u32(length >>> 0), u32(index), bytes);
}

/**
 * @param {Uint8Array} record
 * @param {Uint8Array} id which part was asked for
 * @param {number} length
 * @param {number} index
 * @returns {Uint8Array} its bytes
 * @throws {UnexpectedAnswer} if it is another one
 */
export function readPart(record, id, length, index) {
  const bytes = record.subarray(HEAD_BYTES);
  const asked = partRecord(id, length, index, new Uint8Array());
  if (!equal(record.subarray(0, HEAD_BYTES), asked) || bytes.length !== partLength(length, index)) throw new UnexpectedAnswer('another part');
  return bytes;
}
