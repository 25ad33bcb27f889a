// @ts-check
// Going on with a code that only the reporter knows, in a mailbox whose code the desk has seen: sealed and sent like a report, and kept
// like one. What failed is sent again as the same bytes.

import { deliverSuccessor, prepareSuccessor } from '../dialogue.js';
import { span } from './amounts.js';
import { startCode } from './code.js';
import { wordsOf } from './failures.js';
import { at, painted } from './page.js';
import { language, word } from './words.js';

/**
 * @typedef {import('../dialogue.js').Mailbox} Mailbox
 * @typedef {import('../dialogue.js').Successor} Successor
 */

/**
 * @param {{card: import('../card.js').Card, instance: import('../instance.js').Instance}} known
 * @param {(step: string) => void} show
 * @param {() => Mailbox | null | undefined} mailboxNow
 * @param {(mailbox: Mailbox) => void} onMoved
 */
export function startFresh({ card, instance }, show, mailboxNow, onMoved) {
  /** @type {Readonly<Successor> | null} sealed last, to be sent again as it is */
  let successor = null;
  /** @type {Mailbox | null} of the fresh code */
  let moved = null;

  const keeping = startCode(instance, show, () => {
    const mailbox = moved;
    moved = null;
    if (mailbox) onMoved(mailbox);
  });

  const take = async () => {
    const here = mailboxNow();
    if (!here) return;
    at('moving-words').textContent = word('fresh.working');
    show('moving');
    await painted();
    try {
      successor ??= await prepareSuccessor(here, { card, text: word('fresh.report'), language: language() });
      const sent = successor;
      const mailbox = await deliverSuccessor(sent, { card }, undefined, undefined, ({ pause }) => {
        at('moving-words').textContent = word('common.retrying', { time: span(pause / 1000) });
      });
      if (sent !== successor) return; // the page was left meanwhile
      moved = mailbox;
      successor = null;
      keeping.begin(sent.code, mailbox.thread.items[0]?.day ?? '');
    } catch (error) {
      if (!mailboxNow()) return; // left meanwhile
      at('fresh-words').textContent = wordsOf(error);
      show('opened');
    }
  };

  const offer = (/** @type {Mailbox} */ { thread: { items } }) => {
    at('fresh').hidden = !items.some(({ content }) => content?.kind === 'code-seen');
  };

  const forget = () => {
    successor = null;
    moved = null;
    keeping.forget();
    at('fresh-words').textContent = '';
  };
  return { take, offer, forget, isOpen: keeping.isOpen };
}
