// @ts-check
// Days: UTC calendar days as text and as numbers from the wire (spec section 1). Reads no clock; there is no time of day.

import { NotThisSpelling } from './errors.js';

const DAY = 86_400_000; // milliseconds

/**
 * @param {string} text YYYY-MM-DD
 * @returns {number} days since 1970-01-01
 */
export function readDay(text) {
  const number = Date.parse(`${text}T00:00:00Z`) / DAY;
  if (!/^(?!0000)\d{4}-\d\d-\d\d$/.test(text) || !Number.isInteger(number) || writeDay(number) !== text) {
    throw new NotThisSpelling('a day');
  }
  return number;
}

/**
 * @param {string} day
 * @param {number} days
 * @returns {string}
 */
export function addDays(day, days) {
  return writeDay(readDay(day) + days);
}

/**
 * @param {number} number
 * @returns {string} YYYY-MM-DD
 */
export function writeDay(number) {
  return new Date(number * DAY).toISOString().slice(0, 10);
}
