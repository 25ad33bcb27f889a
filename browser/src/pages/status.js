// @ts-check
// Where a case stands: its state in words, what was promised by when, and what was kept.

import { systemDay } from '../dialogue.js';
import { dueDays, longDay, lookingDays } from './dates.js';
import { at, element } from './page.js';
import { word } from './words.js';

/**
 * @typedef {import('../thread.js').Item} Item
 * @typedef {import('../instance.js').Instance} Instance
 */

const OVER = ['out-of-scope', 'closed'];

/**
 * @param {readonly Readonly<Item>[]} items
 * @param {Instance} promised
 * @returns {string[]} the days on which it is worth looking again
 */
export function showStatus(items, promised) {
  const dayOf = (/** @type {string} */ kind) => items.find(({ content }) => content?.kind === kind)?.day ?? null;
  const [reported, acknowledged, answered] = [dayOf('report'), dayOf('acknowledgement'), dayOf('feedback')];
  const states = items.flatMap(({ content }) => (content?.kind === 'notice' ? [content.body.state] : []));
  const state = states.at(-1) ?? (acknowledged === null ? 'received' : 'acknowledged');
  for (const id of ['status', 'status-days', 'status-words']) at(id).hidden = reported === null;
  if (reported === null) return [];
  const due = dueDays(reported, acknowledged, promised);
  const isOver = OVER.includes(state);
  at('status-words').textContent = word(`mailbox.${state}-words`);
  at('status').replaceChildren(
    rowOf('state', word(`mailbox.${state}`)),
    rowOf('reported', longDay(reported)),
    acknowledged === null ? rowOf('acknowledge-due', promise(due.acknowledge)) : rowOf('acknowledged-day', longDay(acknowledged)),
    ...(answered !== null ? [rowOf('feedback-day', longDay(answered))] : isOver ? [] : [rowOf('feedback-due', promise(due.feedback))]),
  );
  return isOver ? [] : lookingDays(due);
}

/**
 * @param {string} day
 * @returns {string} the day by which something was promised, and what to do once it has passed
 */
function promise(day) {
  return day < systemDay() ? word('mailbox.overdue', { day: longDay(day) }) : longDay(day);
}

/**
 * @param {string} term
 * @param {string} said
 */
function rowOf(term, said) {
  return element('div', {}, element('dt', { text: word(`mailbox.${term}`) }), element('dd', { text: said }));
}
