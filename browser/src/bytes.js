// @ts-check
// Bytes and their spellings: hexadecimal, base64, UTF-8, integers, SHA-256. Each reader takes one spelling and refuses the rest.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { base64nopad } from '@scure/base';
import { NotThisSpelling } from './errors.js';

export { bytesToHex as hex, concatBytes as concat, sha256 };

/**
 * @param {string} text lower-case hexadecimal
 * @param {number} length in bytes
 * @returns {Uint8Array}
 */
export function unhex(text, length) {
  if (text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) throw new NotThisSpelling('lower-case hexadecimal');
  return hexToBytes(text);
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} RFC 4648 section 4 without padding
 */
export function base64(bytes) {
  return base64nopad.encode(bytes);
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
export function unbase64(text) {
  let bytes;
  try {
    bytes = base64nopad.decode(text);
  } catch {
    throw new NotThisSpelling('base64');
  }
  if (base64nopad.encode(bytes) !== text) throw new NotThisSpelling('base64');
  return bytes;
}

/**
 * Not in constant time: nothing compared here is secret.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 * @returns {boolean}
 */
export function equal(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function unutf8(bytes) {
  try {
    // ignoreBOM keeps a byte order mark in the text, where whoever parses it will refuse it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotThisSpelling('UTF-8');
  }
}

/**
 * @param {number} value
 * @returns {Uint8Array} two bytes, big-endian
 */
export function u16(value) {
  return Uint8Array.of(value >>> 8, value);
}

/**
 * @param {number} value
 * @returns {Uint8Array} four bytes, big-endian
 */
export function u32(value) {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
