// @ts-check
// The layouts at the door (spec section 8): what is sent to intake and what comes back. Sends nothing itself.

import { concat, u16, u32, utf8 } from './bytes.js';
import { ANSWER_BYTES, BOX_ID_BYTES, CHALLENGE_LIMIT, PAGE_BYTES } from './constants.js';
import { writeDay } from './days.js';
import { NoSuchBox, UnexpectedAnswer } from './errors.js';

/**
 * @typedef {object} Frame one sealed thing in its place
 * @property {number} position
 * @property {'to-desk' | 'to-reporter' | 'receipt' | 'part'} direction what it is: a content by its direction, or one of the others
 * @property {string} day
 * @property {Uint8Array} box
 * @property {Uint8Array} envelope or receipt, or the record of a part
 */

const FIRST_LINE = 'whistle/1 page\n';
const HEAD_BYTES = FIRST_LINE.length + 3;
const FRAME_BYTES = 4 + 1 + 2 + BOX_ID_BYTES + 4;
const DIRECTIONS = /** @type {const} */ (['to-desk', 'to-reporter', 'receipt', 'part']); // from 1 on

/**
 * @param {string} challenge
 * @returns {Uint8Array} its ASCII bytes
 */
export function challengeBytes(challenge) {
  if (challenge.length > CHALLENGE_LIMIT || !/^[A-Za-z0-9._-]+$/.test(challenge)) throw new UnexpectedAnswer('its challenge');
  return utf8(challenge);
}

/**
 * @param {{boxId: Uint8Array, accessToken: Uint8Array}} keys
 * @param {Uint8Array} proof PROOF_BYTES
 * @param {string} challenge
 * @param {Uint8Array} envelope
 * @returns {Uint8Array}
 */
export function submission({ boxId, accessToken }, proof, challenge, envelope) {
  const bytes = challengeBytes(challenge);
  return concat(boxId, accessToken, proof, u16(bytes.length), bytes, envelope);
}

/**
 * @param {{boxId: Uint8Array, accessToken: Uint8Array}} keys
 * @param {number} after
 * @returns {Uint8Array}
 */
export function fetchBody({ boxId, accessToken }, after) {
  return concat(boxId, accessToken, u32(after));
}

/**
 * What is asked of a file of one's own box.
 * @param {{boxId: Uint8Array, accessToken: Uint8Array}} keys
 * @param {...Uint8Array} rest a part record, or the id of a file, or both of what names a part
 * @returns {Uint8Array}
 */
export function fileBody({ boxId, accessToken }, ...rest) {
  return concat(boxId, accessToken, ...rest);
}

/**
 * @param {Uint8Array} bytes whole pages
 * @param {new () => Error} Missing what random bytes in the place of pages mean
 * @returns {{more: boolean, frames: Frame[]}}
 * @throws {NoSuchBox | import('./errors.js').NoSuchFile | UnexpectedAnswer}
 */
export function readPages(bytes, Missing = NoSuchBox) {
  // As one character a byte: random bytes are not UTF-8, and no error of spelling.
  if (String.fromCharCode(...bytes.subarray(0, FIRST_LINE.length)) !== FIRST_LINE) throw new Missing();
  if (bytes.length % PAGE_BYTES !== 0 || bytes.length > ANSWER_BYTES) throw new UnexpectedAnswer('its size');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const more = view.getUint8(FIRST_LINE.length);
  if (more > 1) throw new UnexpectedAnswer('its first line');
  const frames = [];
  let at = HEAD_BYTES;
  for (let count = view.getUint16(FIRST_LINE.length + 1); count > 0; count--) {
    const frame = readFrame(view, at);
    frames.push(frame);
    at += FRAME_BYTES + frame.envelope.length;
  }
  if (bytes.length - at >= PAGE_BYTES || bytes.subarray(at).some((byte) => byte !== 0)) throw new UnexpectedAnswer('its end');
  return { more: more === 1, frames };
}

/**
 * @param {DataView} view
 * @param {number} at
 * @returns {Frame}
 */
function readFrame(view, at) {
  if (at + FRAME_BYTES > view.byteLength) throw new UnexpectedAnswer('a frame that is cut');
  const direction = DIRECTIONS[view.getUint8(at + 4) - 1];
  if (!direction) throw new UnexpectedAnswer('the direction of a frame');
  const start = at + FRAME_BYTES;
  const length = view.getUint32(start - 4);
  if (start + length > view.byteLength) throw new UnexpectedAnswer('a frame that is cut');
  const slice = (/** @type {number} */ from, /** @type {number} */ size) =>
    new Uint8Array(view.buffer, view.byteOffset + from, size).slice();
  return {
    position: view.getUint32(at),
    direction,
    day: writeDay(view.getUint16(at + 5)),
    box: slice(at + 7, BOX_ID_BYTES),
    envelope: slice(start, length),
  };
}
