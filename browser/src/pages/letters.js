// @ts-check
// One letter as a person reads it, and what can be done with it there: answer with one press, agree, correct, withdraw, fetch a file.
// Only a letter that holds is shown as one; every other is named, and nothing of it is shown.

import { TEXT_LIMIT } from '../constants.js';
import { amount } from './amounts.js';
import { longDay } from './dates.js';
import { wordsOf } from './failures.js';
import { element } from './page.js';
import { plainName, save } from './save.js';
import { mistakeIn, unwatched, wellFormed } from './text.js';
import { hasWord, word } from './words.js';

/**
 * @typedef {import('../dialogue.js').Mailbox} Mailbox
 * @typedef {import('../dialogue.js').Said} Said
 * @typedef {import('../thread.js').Item} Item
 * @typedef {import('../content.js').Content} Content
 * @typedef {import('../content.js').SentFile} SentFile
 * @typedef {{mailbox: Mailbox, signal: AbortSignal, say: (said: Said) => Promise<unknown>}} Around
 *
 * @typedef {object} Facts what other letters say of this one
 * @property {[string, string][]} [lines] terms and what is said of them
 * @property {Record<number, number>} [ticked] the choice for each question
 * @property {string | null} [agreed] the day
 * @property {boolean} [withdrawn]
 */

/**
 * @param {Readonly<Item>} item
 * @param {readonly Readonly<Item>[]} items
 * @returns {Facts}
 */
export function factsOf({ content, hash }, items) {
  /** @param {string} kind @param {string} field @returns {readonly Readonly<Item>[]} */
  const naming = (kind, field) => items.filter((item) => item.content?.kind === kind && /** @type {any} */ (item.content.body)[field] === hash);
  const named = (/** @type {string} */ other) => items.find((item) => item.content && item.hash === other)?.content;
  switch (content?.kind) {
    case 'questions':
      return { ticked: Object.fromEntries(naming('answers', 'questions').flatMap(({ content: later }) =>
        later?.kind === 'answers' ? later.body.answers.map(({ question, choice }) => [question, choice]) : [])) };
    case 'minutes': return { agreed: naming('minutes-agreed', 'minutes').at(-1)?.day ?? null };
    case 'report': return { lines: [...content.body.answers.map(answerTo), ...linesOf(content.body.identity)] };
    case 'consent': return { lines: [['', content.body.scope]], withdrawn: naming('consent-withdrawn', 'consent').length > 0 };
    case 'consent-withdrawn': {
      const given = named(content.body.consent);
      return { lines: [['', given?.kind === 'consent' ? given.body.scope : word('mailbox.elsewhere')]] };
    }
    case 'read': {
      const read = named(content.body.content);
      return { lines: [['', read ? titleOf(read) : word('mailbox.elsewhere')]] };
    }
    case 'answers': {
      const asked = named(content.body.questions);
      const questions = asked?.kind === 'questions' ? asked.body.questions : [];
      return { lines: content.body.answers.map(({ question, choice }) =>
        [questions[question]?.text ?? '', questions[question]?.choices[choice] ?? word('mailbox.elsewhere')]) };
    }
    default: return {};
  }
}

/**
 * @param {import('../content.js').Answer} answer
 * @returns {[string, string]} the question as it was asked, and the choice as it was offered
 */
function answerTo({ question, answer }) {
  const choice = `${question === 'meeting' ? 'answer' : question}.${answer}`;
  return [hasWord(`question.${question}`) ? word(`question.${question}`) : question, hasWord(choice) ? word(choice) : answer];
}

/**
 * @param {string | null} identity
 * @returns {[string, string][]}
 */
function linesOf(identity) {
  return identity === null ? [] : [['', word('mailbox.identity')]];
}

/**
 * @param {Readonly<Item>} item
 * @param {Facts} facts
 * @param {Around} around
 * @returns {HTMLElement[]} the letter, after a warning if letters before it are missing; or the warning alone
 */
export function lettersOf(item, facts, around) {
  const { verdict, missing, content, day } = item;
  const warning = () => element('li', { kind: 'verdict' }, ...warningOf(verdict, missing), element('p', { kind: 'from', text: longDay(day) }));
  if (content === null) return [warning()];
  const letter = letterOf(item, content, facts, around);
  return verdict === 'gap' ? [warning(), letter] : [letter];
}

/**
 * @param {Readonly<Item>} item
 * @param {Readonly<Content>} content
 * @param {Facts} facts
 * @param {Around} around
 */
function letterOf({ day, receipt, hash }, content, facts, around) {
  const mine = content.direction === 'to-desk';
  const from = word('mailbox.from', { who: word(mine ? 'common.you' : `group.${content.group}`), day: longDay(day) });
  const letter = element('li', { kind: mine ? 'mine' : 'desk' }, element('h3', { text: titleOf(content) }), element('p', { kind: 'from', text: from }));
  if ('text' in content.body && content.body.text !== '') letter.append(element('p', { kind: 'said', text: content.body.text }));
  for (const [term, said] of facts.lines ?? []) {
    letter.append(element('p', { kind: 'said' }, ...(term ? [element('strong', { text: term }), '\n'] : []), said));
  }
  letter.append(...partsOf(content, hash ?? '', facts, around, receipt));
  if (mine && content.kind !== 'files') letter.append(element('p', { kind: 'from', text: receiptWords(receipt?.day) }));
  return letter;
}

/**
 * @param {Readonly<Content>} content
 * @param {string} hash
 * @param {Facts} facts
 * @param {Around} around
 * @param {{day: string} | null} receipt
 * @returns {HTMLElement[]} what there is to see or to do beside its words
 */
function partsOf(content, hash, facts, around, receipt) {
  const words = element('p', { kind: 'from' });
  words.setAttribute('role', 'status');
  const press = pressing(words, around.say);
  switch (content.kind) {
    case 'files': {
      const mine = content.direction === 'to-desk';
      const rowOf = (/** @type {SentFile} */ file) => (mine ? sentRow(file, around.mailbox, receipt) : receivedRow(file, around));
      const rows = element('ul', { kind: 'files' }, ...content.body.files.map(rowOf));
      return mine ? [rows] : [element('p', { kind: 'warning', text: word('mailbox.file-warning') }), rows];
    }
    case 'questions':
      return [...content.body.questions.map(({ text, choices }, question) => {
        const buttons = choices.map((choice, i) => {
          const button = press(choice, () => ({ kind: 'answers', body: { questions: hash, answers: [{ question, choice: i }] } }));
          button.setAttribute('aria-pressed', String(facts.ticked?.[question] === i));
          return button;
        });
        return element('fieldset', {}, element('legend', { text }), element('p', { kind: 'buttons' }, ...buttons));
      }), words];
    case 'minutes': {
      if (facts.agreed) return [element('p', { text: word('mailbox.agreed', { day: longDay(facts.agreed) }) })];
      const agree = press(word('mailbox.agree'), () => ({ kind: 'minutes-agreed', body: { minutes: hash } }));
      return [element('p', { kind: 'buttons' }, agree), correction(hash, press), words];
    }
    case 'consent': {
      if (facts.withdrawn) return [];
      const withdraw = press(word('mailbox.withdraw'), () => ({ kind: 'consent-withdrawn', body: { consent: hash } }));
      return [element('p', { kind: 'buttons' }, withdraw), words];
    }
    default: return [];
  }
}

/**
 * @param {HTMLElement} words where it is said how it went
 * @param {(said: Said) => Promise<unknown>} say
 * @returns {(text: string, said: () => Said | string) => HTMLButtonElement} a button that says something, or why it cannot
 */
function pressing(words, say) {
  let isSaying = false;
  return (text, said) => {
    const button = /** @type {HTMLButtonElement} */ (element('button', { kind: 'quiet', text }));
    button.type = 'button';
    button.addEventListener('click', async () => {
      const given = said();
      if (isSaying) return;
      if (typeof given === 'string') return void (words.textContent = given);
      isSaying = true;
      words.textContent = word('mailbox.sending');
      try {
        await say(given);
        words.textContent = word('mailbox.sent');
      } catch (error) {
        words.textContent = wordsOf(error);
      }
      isSaying = false;
    });
    return button;
  };
}

/**
 * @param {string} minutes
 * @param {ReturnType<typeof pressing>} press
 */
function correction(minutes, press) {
  const field = unwatched(/** @type {HTMLTextAreaElement} */ (element('textarea', {})));
  field.rows = 4;
  const send = press(word('mailbox.send-correction'), () => {
    const text = wellFormed(field.value);
    return mistakeIn(text, TEXT_LIMIT, 'mailbox.missing-text') ?? { kind: 'minutes-corrected', body: { minutes, text } };
  });
  const label = element('label', {}, word('mailbox.correction'), field);
  return element('details', {}, element('summary', { text: word('mailbox.correct') }), label, element('p', { kind: 'buttons' }, send));
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
export function warningOf(verdict, count) {
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
 * @param {Around} around
 */
function receivedRow(file, { mailbox, signal }) {
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
