// @ts-check
// Reading bytes that nobody has vouched for: whoever asks past the end of a photo gets PhotoUnreadable, and nothing else.

import { PhotoUnreadable } from './errors.js';

const LATIN = new TextDecoder('latin1'); // decodes whatever there is

/** @param {boolean} holds */
export function check(holds) {
  if (!holds) throw new PhotoUnreadable();
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} to
 */
export function slice(bytes, from, to) {
  check(from <= to && to <= bytes.length);
  return bytes.subarray(from, to);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {number}
 */
function byteAt(bytes, at) {
  const byte = bytes[at];
  if (byte === undefined) throw new PhotoUnreadable();
  return byte;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {1 | 2 | 4} size
 * @param {boolean} little the lowest byte first
 * @returns {number}
 */
export function integer(bytes, at, size, little = false) {
  let value = 0;
  for (let i = 0; i < size; i++) value = 256 * value + byteAt(bytes, little ? at + size - 1 - i : at + i);
  return value;
}

/**
 * @param {Uint8Array} bytes
 * @param {ArrayLike<number>} prefix
 */
export function starts(bytes, prefix) {
  return bytes.length >= prefix.length && Array.prototype.every.call(prefix, (byte, i) => byte === bytes[i]);
}

/** @param {Uint8Array} bytes */
export function latin(bytes) {
  return LATIN.decode(bytes);
}

/**
 * @param {Uint8Array[]} parts any number of them, which arguments could not be
 * @returns {Uint8Array}
 */
export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
