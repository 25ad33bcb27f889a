// @ts-check
// A text that is being written: whether it fits into one content, and how much is left. Never cuts anything off.

import { unutf8, utf8 } from '../bytes.js';
import { TEXT_LIMIT } from '../constants.js';
import { at } from './page.js';
import { word } from './words.js';

const NEAR = TEXT_LIMIT / 10;
const LONGEST_ESCAPE = 6; // bytes that one character can take, as \u0001 does

/**
 * @param {string} field id of a textarea
 * @returns {string} what stands there, half of a torn character replaced, since no content may hold one
 */
export function textOf(field) {
  return unutf8(utf8(at(field, HTMLTextAreaElement).value));
}

/**
 * @param {string} field id
 * @param {string} missing key of the words for when nothing stands there
 * @returns {string | null} what is wrong with the text in it, in words
 */
export function mistakeOf(field, missing) {
  if (textOf(field).trim() === '') return word(missing);
  return room(textOf(field)) < 0 ? word('common.long') : null;
}

/** @param {string} field id; its `-left` says how much is left once that is little */
export function watchLength(field) {
  at(field).addEventListener('input', () => {
    const left = room(textOf(field));
    const count = new Intl.NumberFormat(word('common.locale')).format(Math.abs(left));
    const words = left < 0 ? word('common.over', { over: count }) : word('common.left', { left: count });
    at(`${field}-left`).textContent = left < NEAR ? words : '';
  });
}

/**
 * @param {string} text
 * @returns {number} bytes left under the limit, which counts the text as JSON writes it
 */
function room(text) {
  if (text.length * LONGEST_ESCAPE < TEXT_LIMIT - NEAR) return TEXT_LIMIT;
  return TEXT_LIMIT - (utf8(JSON.stringify(text)).length - 2);
}
