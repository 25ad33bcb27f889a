// @ts-check
// The reporter's return: the code opens the mailbox, which is shown, answered, sent files to and closed. Code and letters are only
// in this page's memory and are gone when it is closed or left.

import { formatCode, readCode } from '../code.js';
import { groupOf } from '../card.js';
import { dataOf, openMailbox } from '../dialogue.js';
import { CodeHasBadCharacter, CodeHasWrongLength, CodeMistyped } from '../errors.js';
import { startBack } from './back.js';
import { OpenBox } from './box.js';
import { wordsOf } from './failures.js';
import { startFresh } from './fresh.js';
import { startFiles } from './files.js';
import { onLeaving } from './leave.js';
import { at, beginWith, painted, showGroups, showOnly, tellMistakes } from './page.js';
import { startReceipt } from './receipt.js';
import { startReminders } from './reminders.js';
import { pageOf, save } from './save.js';
import { startSaying } from './saying.js';
import { startThread, unreadIn } from './thread.js';
import { word } from './words.js';

/**
 * @typedef {import('../card.js').Card} Card
 * @typedef {import('../instance.js').Instance} Instance
 */

const STEPS = ['enter', 'suggestion', 'opening', 'failed', 'opened', 'moving', 'code', 'typeback', 'incapable'];

/**
 * @param {Card} card
 * @param {Instance} instance
 */
export function startMailbox(card, instance) {
  /** @type {OpenBox | null} */
  let box = null;
  const say = async (/** @type {import('../dialogue.js').Said} */ said) => box?.say((mailbox) => mailbox.say(said));
  const reminders = startReminders();
  const thread = startThread(instance, say, reminders.show);
  const receipt = startReceipt();
  const files = startFiles(instance);
  const field = at('case-code', HTMLTextAreaElement);
  const saying = startSaying(() => box);
  const step = (/** @type {string} */ shown) => {
    document.body.classList.toggle('slip', shown === 'code');
    showOnly(STEPS, shown);
  };
  const fresh = startFresh({ card, instance }, step, () => box?.mailbox, (mailbox) => {
    forget();
    openBox(mailbox);
    at('moved').hidden = false;
  });

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
    openBox(mailbox);
  };

  const openBox = (/** @type {import('../dialogue.js').Mailbox} */ known) => {
    field.value = '';
    at('moved').hidden = true;
    box = new OpenBox(async () => known, show, known);
    files.use(box);
    show(box);
    at('receipt-more').hidden = false;
    showOnly(STEPS, 'opened');
    box.watch();
    guard();
  };

  const show = (/** @type {OpenBox} */ read) => {
    if (read.mailbox) {
      thread.show(read.mailbox);
      fresh.offer(read.mailbox);
      const { groupId } = read.mailbox;
      at('act-identity').hidden = groupId === null || groupOf(card, groupId).rings === null;
    }
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

  const confirmRead = async () => {
    const content = box?.mailbox && unreadIn(box.mailbox.thread.items);
    if (!content) return;
    at('thread-words').textContent = word('mailbox.sending');
    try {
      await say({ kind: 'read', body: { content } });
      at('thread-words').textContent = word('mailbox.sent');
    } catch (failure) {
      at('thread-words').textContent = wordsOf(failure);
    }
  };

  const keep = (/** @type {string} */ copy, /** @type {string} */ name) => {
    save(new Blob([copy]), name);
    at('own-words').textContent = word('receipt.saved', { name });
  };
  const keepData = () => box?.mailbox && keep(dataOf(box.mailbox), 'data.json');
  const keepPage = () => keep(pageOf(at('status-section'), at('thread')), 'data.html');

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
    field.value = '';
    for (const part of [thread, receipt, files, reminders, saying, fresh]) part.forget();
    for (const id of ['status', 'status-words', 'no-report', 'withheld', 'suggestion-groups', 'thread-words', 'own-words']) {
      at(id).replaceChildren();
    }
  };

  const takeFresh = () => {
    if (files.isBusy() && !confirm(word('files.leave'))) return;
    if (!saying.isBegun() || confirm(word('fresh.unsent'))) fresh.take();
  };

  const close = () => {
    if (!at('moving').hidden) return; // what is being sent cannot be taken back
    if (fresh.isOpen() && !confirm(word('fresh.leave'))) return;
    if (files.isBusy() && !confirm(word('files.leave'))) return;
    if (saying.isBegun() && !confirm(word('mailbox.unsent'))) return;
    forget();
    tellMistakes('enter', []);
    step('enter');
    at('closed').hidden = false;
  };

  const guard = startBack(() => {
    if (!box) return false;
    close(); // or not, if something is unsent
    return true;
  });
  onLeaving(forget);
  addEventListener('beforeunload', (event) => {
    if (saying.isBegun() || fresh.isOpen()) event.preventDefault();
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault(); // a code is one line, however it is wrapped
    enter();
  });
  for (const [id, event, act] of /** @type {const} */ ([
    ['enter', 'submit', enter], ['read', 'click', confirmRead], ['own-page', 'click', keepPage], ['own-data', 'click', keepData], ['accept', 'click', accept], ['refuse', 'click', back],
    ['again', 'click', open], ['other', 'click', back], ['refresh', 'click', refresh], ['close', 'click', close],
    ['fresh-take', 'click', takeFresh],
  ])) {
    at(id).addEventListener(event, (happened) => {
      happened.preventDefault();
      act();
    });
  }
  beginWith(STEPS, 'enter');
}
