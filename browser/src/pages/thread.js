// @ts-check
// A mailbox as a person reads it: where the case stands, what was promised by when, and each letter as what it is. Only a letter
// that holds is shown as one; every other is named, and nothing of it is shown. A letter that has not changed stays where it is.

import { systemDay } from '../dialogue.js';
import { amount } from './amounts.js';
import { dueDays, longDay, lookingDays } from './dates.js';
import { wordsOf } from './failures.js';
import { at, element } from './page.js';
import { plainName, save } from './save.js';
import { word } from './words.js';

/**
 * @typedef {import('../dialogue.js').Mailbox} Mailbox
 * @typedef {import('../thread.js').Item} Item
 * @typedef {import('../content.js').Content} Content
 * @typedef {import('../content.js').SentFile} SentFile
 * @typedef {import('../instance.js').Instance} Instance
 */

const OVER = ['out-of-scope', 'closed'];

/**
 * @param {Instance} promised
 * @param {(days: readonly string[]) => void} onDays told on which days something is due
 * @returns {{show: (mailbox: Mailbox) => void, forget: () => void}}
 */
export function startThread(promised, onDays) {
  /** @type {Map<string, HTMLElement[]>} what is on the page, by what it says */
  let shown = new Map();
  let left = new AbortController();

  const show = (/** @type {Mailbox} */ mailbox) => {
    showStatus(mailbox, promised, onDays);
    const { thread: { items }, fileReceipts } = mailbox;
    const letters = items.map((item) => {
      const { place, verdict, missing, receipt, content } = item;
      const days = content?.kind === 'files' ? content.body.files.map(({ sealed }) => fileReceipts.get(sealed)) : [];
      const says = JSON.stringify([place, verdict, missing, receipt, days]);
      return /** @type {const} */ ([says, shown.get(says) ?? lettersOf(item, mailbox, left.signal)]);
    });
    shown = new Map(letters);
    place(at('thread'), letters.flatMap(([, each]) => each));
  };

  const forget = () => {
    left.abort();
    left = new AbortController();
    shown = new Map();
    at('thread').replaceChildren();
  };

  return { show, forget };
}

/**
 * Moves nothing that is in its place already: it may have the focus, or be about to save a file.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} children
 */
function place(list, children) {
  for (const child of [...list.children]) if (!children.includes(/** @type {HTMLElement} */ (child))) child.remove();
  children.forEach((child, i) => list.children[i] === child || list.insertBefore(child, list.children[i] ?? null));
}

/**
 * Without the report itself in it, a box has no state and no dates, and takes no answer: it says so.
 * @param {Mailbox} mailbox
 * @param {Instance} promised
 * @param {(days: readonly string[]) => void} onDays
 */
function showStatus({ thread: { items, withheld } }, promised, onDays) {
  const reported = items.find(({ content }) => content?.kind === 'report')?.day;
  const rows = reported === undefined ? [] : rowsOf(items, reported, promised, onDays);
  if (reported === undefined) onDays([]);
  at('status').replaceChildren(...rows.map(([term, said]) => rowOf(term, said)));
  at('no-report').replaceChildren(...(reported === undefined ? warningOf('no-report', 0) : []));
  at('no-report').hidden = reported !== undefined;
  for (const id of ['status', 'status-days', 'receipt', 'reply', 'files']) at(id).hidden = reported === undefined;
  const count = withheld['to-reporter'] + withheld['to-desk'];
  at('withheld').hidden = count === 0;
  at('withheld').replaceChildren(...(count === 0 ? [] : warningOf('withheld', count)));
}

/**
 * @param {readonly Readonly<Item>[]} items
 * @param {string} reported the day
 * @param {Instance} promised
 * @param {(days: readonly string[]) => void} onDays
 * @returns {[string, string][]}
 */
function rowsOf(items, reported, promised, onDays) {
  const acknowledged = items.find(({ content }) => content?.kind === 'acknowledgement')?.day ?? null;
  const states = items.flatMap(({ content }) => (content?.kind === 'notice' ? [content.body.state] : []));
  const state = states.at(-1) ?? (acknowledged === null ? 'received' : 'acknowledged');
  const due = dueDays(reported, acknowledged, promised);
  onDays(OVER.includes(state) ? [] : lookingDays(due));
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
 * @param {Mailbox} mailbox
 * @param {AbortSignal} signal
 * @returns {HTMLElement[]} the letter, after a warning if letters before it are missing; or the warning alone
 */
function lettersOf({ verdict, missing, content, day, receipt }, mailbox, signal) {
  const warning = () => element('li', { kind: 'verdict' }, ...warningOf(verdict, missing), element('p', { kind: 'from', text: longDay(day) }));
  if (content === null) return [warning()];
  const mine = content.direction === 'to-desk';
  const from = word('mailbox.from', { who: word(mine ? 'common.you' : `group.${content.group}`), day: longDay(day) });
  const letter = element('li', { kind: mine ? 'mine' : 'desk' }, element('h3', { text: titleOf(content) }), element('p', { kind: 'from', text: from }));
  if ('text' in content.body && content.body.text !== '') letter.append(element('p', { kind: 'said', text: content.body.text }));
  if (content.kind === 'files') {
    if (!mine) letter.append(element('p', { kind: 'warning', text: word('mailbox.file-warning') }));
    const rowOf = (/** @type {SentFile} */ file) => (mine ? sentRow(file, mailbox, receipt) : receivedRow(file, mailbox, signal));
    letter.append(element('ul', { kind: 'files' }, ...content.body.files.map(rowOf)));
  }
  if (mine && content.kind !== 'files') letter.append(element('p', { kind: 'from', text: receiptWords(receipt?.day) }));
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

/**
 * @param {string | undefined} day
 * @returns {string}
 */
function receiptWords(day) {
  return day === undefined ? word('mailbox.no-receipt') : word('mailbox.receipt', { day: longDay(day) });
}

/** @param {SentFile} file */
function nameOf({ name, size }) {
  return element('p', { kind: 'name' }, element('bdi', { text: plainName(name) }), ` ${amount(size)}`);
}

/**
 * @param {SentFile} file of the reporter's own
 * @param {Mailbox} mailbox
 * @param {{day: string} | null} named of the letter that names it, without which the desk has bytes and no file
 */
function sentRow(file, { fileReceipts }, named) {
  const words = receiptWords(named === null ? undefined : fileReceipts.get(file.sealed));
  return element('li', {}, nameOf(file), element('p', { kind: 'from', text: words }));
}

/**
 * @param {SentFile} file from the desk
 * @param {Mailbox} mailbox
 * @param {AbortSignal} signal
 */
function receivedRow(file, mailbox, signal) {
  const name = plainName(file.name);
  const bar = /** @type {HTMLProgressElement} */ (element('progress', {}));
  const words = element('p', { kind: 'from' });
  const button = element('button', { kind: 'quiet', text: word('mailbox.fetch') });
  button.setAttribute('aria-label', `${word('mailbox.fetch')}: ${name}`);
  bar.setAttribute('aria-label', name);
  bar.hidden = true;
  words.setAttribute('role', 'status');
  const onProgress = (/** @type {import('../files.js').Progress} */ { sent, total }) => ([bar.max, bar.value] = [total, sent]);
  button.addEventListener('click', async () => {
    if (!bar.hidden) return;
    bar.hidden = false;
    words.textContent = word('mailbox.fetching');
    try {
      save(await mailbox.download(file, { onProgress, signal }), name);
      words.textContent = word('mailbox.fetched', { name });
    } catch (error) {
      words.textContent = wordsOf(error);
    }
    bar.hidden = true;
  });
  return element('li', {}, nameOf(file), bar, words, element('p', { kind: 'buttons' }, button));
}
