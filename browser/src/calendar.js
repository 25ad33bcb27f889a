// @ts-check
// Reminders as a calendar file (RFC 5545): whole days under a title of the reporter's own, and nothing that says what they are
// about or which program made them. Pure; keeps nothing and asks nobody.

import { addDays } from './days.js';
import { utf8 } from './bytes.js';

const LINE_BYTES = 75; // RFC 5545 section 3.1
const AT_SIX = 'PT18H'; // in the evening, when few are at work

/**
 * @param {readonly string[]} days YYYY-MM-DD
 * @param {string} title
 * @param {string} today
 * @param {() => string} id draws another one for each reminder
 * @returns {string}
 */
export function calendarOf(days, title, today, id) {
  const events = days.flatMap((day) => [
    'BEGIN:VEVENT', `UID:${id()}`, `DTSTAMP:${compact(today)}T000000Z`, `DTSTART;VALUE=DATE:${compact(day)}`,
    `DTEND;VALUE=DATE:${compact(addDays(day, 1))}`, `SUMMARY:${escaped(title)}`, 'TRANSP:TRANSPARENT',
    'BEGIN:VALARM', 'ACTION:DISPLAY', `DESCRIPTION:${escaped(title)}`, `TRIGGER:${AT_SIX}`, 'END:VALARM', 'END:VEVENT',
  ]);
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Calendar//EN', ...events, 'END:VCALENDAR'].map((line) => `${folded(line)}\r\n`).join('');
}

/** @param {string} day */
function compact(day) {
  return day.replaceAll('-', '');
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\\;,]/g, '\\$&');
}

/**
 * @param {string} line
 * @returns {string} in lines of at most LINE_BYTES, no character cut in two
 */
function folded(line) {
  let [whole, bytes] = ['', 0];
  for (const character of line) {
    const more = utf8(character).length;
    const isFull = bytes + more > LINE_BYTES;
    whole += (isFull ? '\r\n ' : '') + character;
    bytes = isFull ? more + 1 : bytes + more;
  }
  return whole;
}
