// @ts-check
// Promised dates, as UTC days, and how a day is written in the language of the page. Nothing here knows a time of day.

import { addDays } from '../days.js';
import { word } from './words.js';

/**
 * The same day of a later month, or that month's last day if it is shorter.
 * @param {string} day
 * @param {number} months
 * @returns {string}
 */
export function addMonths(day, months) {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10);
}

/**
 * When the bank must have answered. Feedback runs from the acknowledgement, but never from later than the day it was due.
 * @param {string} reported
 * @param {string | null} acknowledged
 * @param {{acknowledgeDays: number, feedbackMonths: number}} promised
 * @returns {{acknowledge: string, feedback: string}}
 */
export function dueDays(reported, acknowledged, { acknowledgeDays, feedbackMonths }) {
  const acknowledge = addDays(reported, acknowledgeDays);
  const from = acknowledged !== null && acknowledged < acknowledge ? acknowledged : acknowledge;
  return { acknowledge, feedback: addMonths(from, feedbackMonths) };
}

/**
 * The days on which it is worth looking into the mailbox: when an answer is due, and every month until the last one is.
 * @param {{acknowledge: string, feedback: string}} due
 * @returns {string[]}
 */
export function lookingDays({ acknowledge, feedback }) {
  const days = [acknowledge];
  for (let month = 1; addMonths(acknowledge, month) < feedback; month++) days.push(addMonths(acknowledge, month));
  return feedback > acknowledge ? [...days, feedback] : days;
}

/**
 * @param {string} day
 * @returns {string} in the language of the page
 */
export function longDay(day) {
  return new Intl.DateTimeFormat(word('common.locale'), { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));
}
