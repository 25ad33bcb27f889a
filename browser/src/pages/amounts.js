// @ts-check
// Sizes and spans of time in the language of the page.

import { word } from './words.js';

/**
 * @param {number} bytes
 * @returns {string}
 */
export function amount(bytes) {
  return bytes < 1e6 ? unit(Math.ceil(bytes / 1e3), 'kilobyte', 0) : unit(bytes / 1e6, 'megabyte', 1);
}

/**
 * @param {number} seconds
 * @returns {string}
 */
export function span(seconds) {
  return seconds < 60 ? unit(Math.max(1, Math.ceil(seconds)), 'second', 0, 'long') : unit(Math.ceil(seconds / 60), 'minute', 0, 'long');
}

/**
 * @param {number} count
 * @param {string} name
 * @param {number} maximumFractionDigits
 * @param {'short' | 'long'} unitDisplay
 */
function unit(count, name, maximumFractionDigits, unitDisplay = 'short') {
  return new Intl.NumberFormat(word('common.locale'), { style: 'unit', unit: name, unitDisplay, maximumFractionDigits }).format(count);
}
