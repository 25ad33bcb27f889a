// @ts-check
// A text that is being written: whether it fits into one content, and how much is left. Never cuts anything off.

import { unutf8, utf8 } from '../bytes.js';
import { TEXT_LIMIT } from '../constants.js';
import { at } from './page.js';
import { word } from './words.js';

const NEAR = 10; // the last part of its limit in which a text is told how much is left: a tenth
const LONGEST_ESCAPE = 6; // bytes that one character can take, as \u0001 does

/** What keeps a browser, its keyboard and its add-ons from sending away or keeping what is being written. */
const UNWATCHED = { autocomplete: 'off', spellcheck: 'false', autocorrect: 'off', writingsuggestions: 'false', translate: 'no' };

/**
 * @template {HTMLElement} T
 * @param {T} field made here and not in a page
 * @returns {T}
 */
export function unwatched(field) {
  for (const [name, value] of Object.entries(UNWATCHED)) field.setAttribute(name, value);
  return field;
}

/**
 * @param {string} field id
 * @returns {string} what stands there, half of a torn character replaced, since no content may hold one
 */
export function textOf(field) {
  return wellFormed(/** @type {HTMLTextAreaElement | HTMLInputElement} */ (at(field)).value);
}

/** @param {string} text */
export function wellFormed(text) {
  return unutf8(utf8(text));
}

/**
 * @param {string} field id
 * @param {number} limit in bytes
 * @param {string} [missing] key of the words for when nothing stands there, if something must
 * @returns {string | null} what is wrong with the text in it, in words
 */
export function mistakeOf(field, limit, missing) {
  return mistakeIn(textOf(field), limit, missing);
}

/**
 * @param {string} text
 * @param {number} limit in bytes
 * @param {string} [missing]
 * @returns {string | null}
 */
export function mistakeIn(text, limit, missing) {
  if (missing && text.trim() === '') return word(missing);
  if (room(text, limit) >= 0) return null;
  return word(limit === TEXT_LIMIT ? 'common.long' : 'common.long-answer');
}

/**
 * @param {string} field id; its `-left` says how much is left once that is little
 * @param {number} limit in bytes
 */
export function watchLength(field, limit = TEXT_LIMIT) {
  at(field).addEventListener('input', () => {
    const left = room(textOf(field), limit);
    const count = new Intl.NumberFormat(word('common.locale')).format(Math.abs(left));
    const words = left < 0 ? word('common.over', { over: count }) : word('common.left', { left: count });
    at(`${field}-left`).textContent = left < limit / NEAR ? words : '';
  });
}

/**
 * @param {string} text
 * @param {number} limit
 * @returns {number} bytes left under the limit, which counts the text as JSON writes it
 */
function room(text, limit) {
  if (text.length * LONGEST_ESCAPE < limit - limit / NEAR) return limit;
  return limit - (utf8(JSON.stringify(text)).length - 2);
}
