// @ts-check
// JSON in the one spelling that JSON.stringify writes (spec section 6.1). Knows nothing of what the JSON means.

import { unutf8, utf8 } from './bytes.js';
import { INTEGER_LIMIT, JSON_DEPTH } from './constants.js';
import { NotCanonical } from './errors.js';

/** @typedef {null | boolean | number | string | Json[] | {[key: string]: Json}} Json */

/**
 * @param {Uint8Array} bytes
 * @returns {Json}
 * @throws {NotCanonical}
 */
export function readJson(bytes) {
  let text, value;
  try {
    text = unutf8(bytes);
  } catch {
    throw new NotCanonical('it is not UTF-8');
  }
  refuseDepth(text); // before parsing, which would follow any depth
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotCanonical('it is not JSON');
  }
  refuseOdd(value);
  if (JSON.stringify(value) !== text) throw new NotCanonical('it is spelled otherwise than JSON.stringify spells it');
  return value;
}

/**
 * @param {Json} value
 * @returns {Uint8Array}
 */
export function writeJson(value) {
  return utf8(JSON.stringify(value));
}

/**
 * @param {string} text
 * @returns {number} UTF-8 bytes that the text takes in JSON, after escaping, without its quotation marks
 */
export function escapedLength(text) {
  return utf8(JSON.stringify(text)).length - 2;
}

/** @param {string} text */
function refuseDepth(text) {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const mark = text[i];
    if (mark === '"') inString = !inString;
    else if (inString) i += mark === '\\' ? 1 : 0; // whatever is escaped ends no string
    else if (mark === '[' || mark === '{') depth++;
    else if (mark === ']' || mark === '}') depth--;
    if (depth > JSON_DEPTH) throw new NotCanonical('it is nested too deeply');
  }
}

/** @param {Json} value */
function refuseOdd(value) {
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) throw new NotCanonical('a string is ill-formed');
  if (typeof value === 'number' && !(Number.isInteger(value) && Math.abs(value) <= INTEGER_LIMIT)) {
    throw new NotCanonical('a number is not an integer that every reader reads alike');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    refuseOdd(key);
    refuseOdd(inner);
  }
}
