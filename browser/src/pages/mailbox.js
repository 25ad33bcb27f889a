// @ts-check
// The reporter's return: the code opens the mailbox, which is shown, answered, sent files to and closed. Code and letters are only
// in this page's memory and are gone when it is closed or left.

import { formatCode, readCode } from '../code.js';
import { TEXT_LIMIT } from '../constants.js';
import { openMailbox } from '../dialogue.js';
import { CodeHasBadCharacter, CodeHasWrongLength, CodeMistyped } from '../errors.js';
import { span } from './amounts.js';
import { OpenBox } from './box.js';
import { wordsOf } from './failures.js';
import { startFiles } from './files.js';
import { onLeaving } from './leave.js';
import { at, beginWith, painted, showGroups, showOnly, tellMistakes } from './page.js';
import { startReceipt } from './receipt.js';
import { startReminders } from './reminders.js';
import { mistakeOf, textOf, watchLength } from './text.js';
import { startThread } from './thread.js';
import { word } from './words.js';

/**
 * @typedef {import('../card.js').Card} Card
 * @typedef {import('../instance.js').Instance} Instance
 */

const STEPS = ['enter', 'suggestion', 'opening', 'failed', 'opened', 'incapable'];

/**
 * @param {Card} card
 * @param {Instance} instance
 */
export function startMailbox(card, instance) {
  /** @type {OpenBox | null} */
  let box = null;
  let isSaying = false;
  const reminders = startReminders();
  const thread = startThread(instance, reminders.show);
  const receipt = startReceipt();
  const files = startFiles(instance);
  const field = at('case-code', HTMLTextAreaElement);
  const reply = at('reply-text', HTMLTextAreaElement);

  const open = async () => {
    showOnly(STEPS, 'opening');
    await painted();
    let mailbox;
    try {
      mailbox = await openMailbox(field.value, { card });
    } catch (error) {
      at('failed-why').textContent = wordsOf(error);
      showOnly(STEPS, 'failed');
      return;
    }
    field.value = '';
    const known = mailbox;
    box = new OpenBox(async () => known, show, known);
    files.use(box);
    show(box);
    at('receipt-more').hidden = false;
    showOnly(STEPS, 'opened');
    box.watch();
  };

  const show = (/** @type {OpenBox} */ read) => {
    if (read.mailbox) thread.show(read.mailbox);
    receipt.show(read);
    files.show(read);
  };

  const enter = () => {
    at('closed').hidden = true;
    try {
      field.value = formatCode(readCode(field.value));
    } catch (error) {
      refuse(error);
      return;
    }
    tellMistakes('enter', []);
    open();
  };

  const refuse = (/** @type {unknown} */ error) => {
    if (error instanceof CodeMistyped && error.suggestion !== null) {
      suggest(error.suggestion);
    } else if (error instanceof CodeMistyped || error instanceof CodeHasBadCharacter || error instanceof CodeHasWrongLength) {
      const words = field.value.trim() === '' ? word('mailbox.missing-code') : wordsOf(error);
      tellMistakes('enter', [{ field: 'case-code', words }]);
    } else throw error;
  };

  const suggest = (/** @type {string} */ suggestion) => {
    const groups = suggestion.split('-');
    const typed = field.value.toLowerCase().replace(/[^a-z]/g, '').match(/.{5}/g) ?? [];
    const changed = groups.findIndex((group, place) => group !== typed[place]);
    showGroups(at('suggestion-groups'), groups, (place) => place === changed);
    at('suggestion-place').textContent = word('mailbox.changed', { place: changed + 1 });
    showOnly(STEPS, 'suggestion');
  };

  const accept = () => {
    field.value = [...at('suggestion-groups').children].map((group) => group.textContent).join('-');
    at('suggestion-groups').replaceChildren();
    enter();
  };

  const back = () => {
    at('suggestion-groups').replaceChildren();
    tellMistakes('enter', []);
    showOnly(STEPS, 'enter');
    field.focus();
  };

  const answer = async () => {
    const mistake = mistakeOf('reply-text', TEXT_LIMIT, 'mailbox.missing-text');
    tellMistakes('reply', mistake === null ? [] : [{ field: 'reply-text', words: mistake }]);
    const here = box;
    if (mistake !== null || isSaying || !here) return;
    const text = textOf('reply-text');
    const words = at('reply-words');
    words.textContent = word('mailbox.sending');
    isSaying = true;
    try {
      await painted();
      await here.say((mailbox) => mailbox.reply(text, undefined, ({ pause }) => {
        if (here === box) words.textContent = word('common.retrying', { time: span(pause / 1000) });
      }));
      words.textContent = word('mailbox.sent');
      if (reply.value === text) reply.value = '';
    } catch (failure) {
      words.textContent = '';
      tellMistakes('reply', [{ field: 'reply-text', words: `${wordsOf(failure)} ${word('mailbox.kept')}` }]);
    }
    isSaying = false;
  };

  const refresh = async () => {
    const before = box?.mailbox?.thread.items.length;
    try {
      const { thread: { items } } = (await box?.look()) ?? { thread: { items: [] } };
      at('thread-words').textContent = word(items.length === before ? 'mailbox.nothing' : 'mailbox.refreshed');
    } catch (failure) {
      at('thread-words').textContent = wordsOf(failure);
    }
  };

  const forget = () => {
    box?.leave();
    box = null;
    isSaying = false;
    field.value = '';
    reply.value = '';
    for (const part of [thread, receipt, files, reminders]) part.forget();
    for (const id of ['status', 'no-report', 'withheld', 'suggestion-groups', 'reply-words', 'thread-words', 'reply-text-left']) {
      at(id).replaceChildren();
    }
  };

  const close = () => {
    if (files.isBusy() && !confirm(word('files.leave'))) return;
    forget();
    tellMistakes('enter', []);
    tellMistakes('reply', []);
    showOnly(STEPS, 'enter');
    at('closed').hidden = false;
  };

  onLeaving(forget);
  addEventListener('beforeunload', (event) => {
    if (reply.value !== '') event.preventDefault();
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault(); // a code is one line, however it is wrapped
    enter();
  });
  watchLength('reply-text');
  for (const [id, event, act] of /** @type {const} */ ([
    ['enter', 'submit', enter], ['reply', 'submit', answer], ['accept', 'click', accept], ['refuse', 'click', back],
    ['again', 'click', open], ['other', 'click', back], ['refresh', 'click', refresh], ['close', 'click', close],
  ])) {
    at(id).addEventListener(event, (happened) => {
      happened.preventDefault();
      act();
    });
  }
  beginWith(STEPS, 'enter');
}
