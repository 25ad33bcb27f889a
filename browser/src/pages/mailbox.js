// @ts-check
// The reporter's return: the code opens the mailbox, which is shown, answered and closed. Code and letters are only in this
// page's memory and are gone when it is closed or left.

import { formatCode, readCode } from '../code.js';
import { openMailbox } from '../dialogue.js';
import { CodeHasBadCharacter, CodeHasWrongLength, CodeMistyped } from '../errors.js';
import { wordsOf } from './failures.js';
import { onLeaving } from './leave.js';
import { at, beginWith, painted, showGroups, showOnly, tellMistakes } from './page.js';
import { mistakeOf, textOf, watchLength } from './text.js';
import { showThread } from './thread.js';
import { word } from './words.js';

/**
 * @typedef {import('../card.js').Card} Card
 * @typedef {import('../dialogue.js').Mailbox} Mailbox
 * @typedef {import('../instance.js').Instance} Instance
 */

const STEPS = ['enter', 'suggestion', 'opening', 'failed', 'opened', 'incapable'];

/**
 * @param {Card} card
 * @param {Instance} instance
 */
export function startMailbox(card, instance) {
  /** @type {Mailbox | null} */
  let mailbox = null;
  /** @type {Mailbox | null} the one on which an act is under way */
  let busy = null;
  const field = at('case-code', HTMLTextAreaElement);
  const reply = at('reply-text', HTMLTextAreaElement);

  const open = async () => {
    showOnly(STEPS, 'opening');
    await painted();
    try {
      mailbox = await openMailbox(field.value, { card });
    } catch (error) {
      at('failed-why').textContent = wordsOf(error);
      showOnly(STEPS, 'failed');
      return;
    }
    field.value = '';
    showThread(mailbox.thread, instance);
    showOnly(STEPS, 'opened');
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

  /**
   * One act at a time on an open mailbox. Of a mailbox that was closed meanwhile nothing comes back to the page.
   * @param {(mailbox: Mailbox) => Promise<Mailbox>} act
   * @param {(failure: unknown) => void} tell what went wrong, or null
   */
  const change = async (act, tell) => {
    if (mailbox === null || busy === mailbox) return;
    const before = busy = mailbox;
    let [after, failure] = [before, /** @type {unknown} */ (null)];
    try {
      after = await act(before);
    } catch (error) {
      failure = error;
    }
    if (busy === before) busy = null;
    if (mailbox !== before) return;
    mailbox = after;
    showThread(mailbox.thread, instance);
    tell(failure);
  };

  const answer = async () => {
    const mistake = mistakeOf('reply-text', 'mailbox.missing-text');
    tellMistakes('reply', mistake === null ? [] : [{ field: 'reply-text', words: mistake }]);
    if (mistake !== null || busy !== null) return;
    const text = textOf('reply-text');
    at('reply-words').textContent = word('mailbox.sending');
    const send = async (/** @type {Mailbox} */ before) => {
      await painted();
      return before.reply(text);
    };
    await change(send, (failure) => {
      at('reply-words').textContent = failure === null ? word('mailbox.sent') : '';
      if (failure !== null) tellMistakes('reply', [{ field: 'reply-text', words: `${wordsOf(failure)} ${word('mailbox.kept')}` }]);
      else if (reply.value === text) reply.value = '';
    });
  };

  const refresh = async () => {
    const before = mailbox?.thread.items.length;
    await change((open) => open.reread(), (failure) => {
      const news = mailbox?.thread.items.length === before ? 'mailbox.nothing' : 'mailbox.refreshed';
      at('thread-words').textContent = failure === null ? word(news) : wordsOf(failure);
    });
  };

  const forget = () => {
    mailbox = null;
    busy = null;
    field.value = '';
    reply.value = '';
    for (const id of ['thread', 'status', 'no-report', 'withheld', 'suggestion-groups', 'reply-words', 'thread-words', 'reply-text-left']) {
      at(id).replaceChildren();
    }
  };

  const close = () => {
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
