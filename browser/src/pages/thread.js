// @ts-check
// A mailbox as a person reads it: where the case stands, what was promised by when, and each letter as what it is. Only a letter
// that holds is shown as one; every other is named, and nothing of it is shown.

import { systemDay } from '../dialogue.js';
import { dueDays, longDay } from './dates.js';
import { at, element } from './page.js';
import { word } from './words.js';

/**
 * @typedef {import('../thread.js').Thread} Thread
 * @typedef {import('../thread.js').Item} Item
 * @typedef {import('../content.js').Content} Content
 * @typedef {import('../instance.js').Instance} Instance
 */

const OVER = ['out-of-scope', 'closed'];

/**
 * Without the report itself in it, a box has no state and no dates, and takes no answer: it says so.
 * @param {Readonly<Thread>} thread
 * @param {Instance} promised
 */
export function showThread({ items, withheld }, promised) {
  const reported = items.find(({ content }) => content?.kind === 'report')?.day;
  const rows = reported === undefined ? [] : rowsOf(items, reported, promised);
  at('status').replaceChildren(...rows.map(([term, said]) => rowOf(term, said)));
  at('no-report').replaceChildren(...(reported === undefined ? warningOf('no-report', 0) : []));
  at('no-report').hidden = reported !== undefined;
  for (const id of ['status', 'status-days', 'reply']) at(id).hidden = reported === undefined;
  at('thread').replaceChildren(...items.flatMap(lettersOf));
  const count = withheld['to-reporter'] + withheld['to-desk'];
  at('withheld').hidden = count === 0;
  at('withheld').replaceChildren(...(count === 0 ? [] : warningOf('withheld', count)));
}

/**
 * @param {readonly Readonly<Item>[]} items
 * @param {string} reported the day
 * @param {Instance} promised
 * @returns {[string, string][]}
 */
function rowsOf(items, reported, promised) {
  const acknowledged = items.find(({ content }) => content?.kind === 'acknowledgement')?.day ?? null;
  const states = items.flatMap(({ content }) => (content?.kind === 'notice' ? [content.body.state] : []));
  const state = states.at(-1) ?? (acknowledged === null ? 'received' : 'acknowledged');
  const due = dueDays(reported, acknowledged, promised);
  /** @type {[string, string][]} */
  const rows = [[word('mailbox.state'), word(`mailbox.${state}`)], [word('mailbox.reported'), longDay(reported)]];
  if (acknowledged !== null) rows.push([word('mailbox.acknowledged-day'), longDay(acknowledged)]);
  else rows.push([word('mailbox.acknowledge-due'), promise(due.acknowledge)]);
  if (!OVER.includes(state)) rows.push([word('mailbox.feedback-due'), promise(due.feedback)]);
  return rows;
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
  return element('div', {}, element('dt', { text: term }), element('dd', { text: said }));
}

/**
 * @param {Readonly<Item>} item
 * @returns {HTMLElement[]} the letter, after a warning if letters before it are missing; or the warning alone
 */
function lettersOf({ verdict, missing, content, day }) {
  const warning = () => element('li', { kind: 'verdict' }, ...warningOf(verdict, missing), element('p', { kind: 'from', text: longDay(day) }));
  if (content === null) return [warning()];
  const mine = content.direction === 'to-desk';
  const from = word('mailbox.from', { who: word(mine ? 'common.you' : `group.${content.group}`), day: longDay(day) });
  const letter = element('li', { kind: mine ? 'mine' : 'desk' }, element('h3', { text: titleOf(content) }), element('p', { kind: 'from', text: from }));
  if (content.kind !== 'note' && content.body.text !== '') letter.append(element('p', { kind: 'said', text: content.body.text }));
  return verdict === 'gap' ? [warning(), letter] : [letter];
}

/** @param {Readonly<Content>} content */
function titleOf(content) {
  const state = content.kind === 'notice' ? word(`mailbox.${content.body.state}`) : '';
  return word(`mailbox.${content.kind}`, { state });
}

/**
 * @param {string} verdict
 * @param {number} count
 * @returns {HTMLElement[]}
 */
function warningOf(verdict, count) {
  const sign = element('span', { kind: 'sign', text: '⚠' });
  sign.setAttribute('aria-hidden', 'true');
  return [
    element('h3', {}, sign, document.createTextNode(word(`mailbox.${verdict}`, { count }))),
    element('p', { text: word(`mailbox.${verdict}-words`) }),
    element('p', { text: word('mailbox.warning') }),
  ];
}
