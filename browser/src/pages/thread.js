// @ts-check
// A mailbox as a person reads it: where the case stands, and each letter as what it is. A letter that has not changed stays where it
// is, with whatever is being written in it.

import { factsOf, lettersOf, warningOf } from './letters.js';
import { at } from './page.js';
import { showStatus } from './status.js';

/**
 * @typedef {import('../dialogue.js').Mailbox} Mailbox
 * @typedef {import('../dialogue.js').Said} Said
 * @typedef {import('../thread.js').Item} Item
 * @typedef {import('../instance.js').Instance} Instance
 */

const WITH_REPORT = ['receipt', 'reply', 'files', 'acts'];

/**
 * @param {Instance} promised
 * @param {(said: Said) => Promise<unknown>} say
 * @param {(days: readonly string[]) => void} onDays told on which days it is worth looking again
 * @returns {{show: (mailbox: Mailbox) => void, forget: () => void}}
 */
export function startThread(promised, say, onDays) {
  /** @type {Map<string, HTMLElement[]>} what is on the page, by what it says */
  let shown = new Map();
  let left = new AbortController();

  const show = (/** @type {Mailbox} */ mailbox) => {
    const { thread: { items, withheld }, fileReceipts } = mailbox;
    onDays(showStatus(items, promised));
    showWarnings(items, withheld);
    const letters = items.map((item) => {
      const { place, verdict, missing, receipt, content } = item;
      const days = content?.kind === 'files' ? content.body.files.map(({ sealed }) => fileReceipts.get(sealed)) : [];
      const facts = factsOf(item, items);
      const says = JSON.stringify([place, verdict, missing, receipt, days, facts]);
      return /** @type {const} */ ([says, shown.get(says) ?? placed(lettersOf(item, facts, { mailbox, signal: left.signal, say }), place)]);
    });
    shown = new Map(letters);
    const unread = unreadIn(items);
    at('read-row').hidden = unread === null;
    arrange(at('thread'), letters.flatMap(([, each]) => each));
    at('newest-row').hidden = !at('thread').lastElementChild?.classList.contains('desk');
  };

  at('newest').addEventListener('click', () => {
    const last = /** @type {HTMLElement} */ (at('thread').lastElementChild);
    last.tabIndex = -1;
    last.focus();
  });

  const forget = () => {
    left.abort();
    left = new AbortController();
    shown = new Map();
    at('thread').replaceChildren();
  };

  return { show, forget };
}

/**
 * @param {readonly Readonly<Item>[]} items
 * @returns {string | null} the newest letter of the desk, if it was not confirmed as read: its hash
 */
export function unreadIn(items) {
  const newest = items.filter(({ content }) => content?.direction === 'to-reporter').at(-1)?.hash ?? null;
  return items.some(({ content }) => content?.kind === 'read' && content.body.content === newest) ? null : newest;
}

/**
 * @param {HTMLElement[]} letters
 * @param {number} place
 */
function placed(letters, place) {
  for (const letter of letters) letter.dataset.place = String(place);
  return letters;
}

/**
 * Moves nothing that is in its place already: it may have the focus, or be about to save a file. Whoever stood in a letter that is
 * shown anew stays with it.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} children
 */
function arrange(list, children) {
  const letter = /** @type {HTMLElement | null} */ (document.activeElement?.closest('[data-place]') ?? null);
  for (const child of [...list.children]) if (!children.includes(/** @type {HTMLElement} */ (child))) child.remove();
  children.forEach((child, i) => list.children[i] === child || list.insertBefore(child, list.children[i] ?? null));
  const again = letter && !letter.isConnected ? children.filter(({ dataset }) => dataset.place === letter.dataset.place).at(-1) : undefined;
  if (!again) return;
  again.tabIndex = -1;
  again.focus({ preventScroll: true });
}

/**
 * Without the report itself in it, a box has no state and no dates, and takes no answer: it says so.
 * @param {readonly Readonly<Item>[]} items
 * @param {import('../thread.js').Thread['withheld']} withheld
 */
function showWarnings(items, withheld) {
  const isHere = items.some(({ content }) => content?.kind === 'report');
  for (const id of WITH_REPORT) at(id).hidden = !isHere;
  const count = withheld['to-reporter'] + withheld['to-desk'];
  at('no-report').hidden = isHere;
  at('no-report').replaceChildren(...(isHere ? [] : warningOf('no-report', 0)));
  at('withheld').hidden = count === 0;
  at('withheld').replaceChildren(...(count === 0 ? [] : warningOf('withheld', count)));
}
