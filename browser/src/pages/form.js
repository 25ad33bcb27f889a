// @ts-check
// The questions of a report, one at a time: which is shown, what was answered, and what would be sent. One text is needed, the rest
// is offered. Seals nothing and sends nothing.

import { ANSWER_LIMIT, TEXT_LIMIT } from '../constants.js';
import { groupOf } from '../card.js';
import { padIdentity } from '../identity.js';
import { wordsOf } from './failures.js';
import { at, element, tellMistakes } from './page.js';
import { mistakeOf, textOf, watchLength } from './text.js';
import { language, word } from './words.js';

/**
 * @typedef {import('../card.js').Card} Card
 * @typedef {import('../content.js').Answer} Answer
 * @typedef {{groupId: string, text: string, language: string, answers: Answer[], identity: import('../identity.js').IdentityGiven | null}} Said
 */

const NEEDED = ['text', 'group'];
const NAME = ['name', 'contact'];

/**
 * @param {Card} card
 * @param {(step: 'write' | 'check') => void} show
 * @returns {{said: () => Said, open: () => void, back: () => boolean, forget: () => void, isBegun: () => boolean}} `back` goes to the
 *   step before, if there is one
 */
export function startForm(card, show) {
  /** @type {Map<string, HTMLElement>} */
  const steps = new Map([.../** @type {NodeListOf<HTMLElement>} */ (at('write').querySelectorAll('[data-step]'))].map((step) => [step.dataset.step ?? '', step]));
  /** The steps that are walked now, and the one of them that is shown; behind the last comes the check. */
  const needed = NEEDED.filter((step) => steps.has(step));
  let walk = needed;
  let place = 0;

  /** Whether the check was reached by way of the questions. */
  let isAsked = false;

  /** @returns {string[]} what can be said beside the report itself: a name only where two people would have to open it */
  const offered = () => {
    const { rings } = groupOf(card, groupId());
    return [...steps.keys()].filter((step) => !NEEDED.includes(step) && (step !== 'name' || rings !== null));
  };
  const questions = () => offered().filter((step) => !steps.get(step)?.dataset.add);

  const isAtStart = () => walk === needed && place === 0;

  const reveal = () => {
    const now = walk[place] ?? '';
    const isOffered = !NEEDED.includes(now);
    for (const [name, step] of steps) step.hidden = name !== now;
    at('before').hidden = isAtStart();
    at('decline').hidden = !isOffered;
    at('skip').hidden = walk.length === 1 || !isOffered;
    at('place').textContent = isOffered && walk.length > 1 ? word('report.place', { place: place + 1, count: walk.length }) : '';
    tellMistakes('write', []);
  };

  /** @returns {true} */
  const go = (/** @type {number} */ to) => {
    place = to;
    if (place < 0 || place >= walk.length) return check();
    reveal();
    show('write');
    return true;
  };

  const ask = (/** @type {string[]} */ names, first = 0) => {
    walk = names;
    return go(first);
  };

  const next = () => {
    const mistakes = mistakesIn(walk[place] ?? '');
    tellMistakes('write', mistakes);
    if (mistakes.length === 0) go(place + 1);
  };

  const decline = () => {
    for (const field of steps.get(walk[place] ?? '')?.querySelectorAll('input, textarea') ?? []) clear(field);
    go(place + 1);
  };

  /** @returns {true} */
  const check = () => {
    const open = offered();
    const wrong = [...steps.keys()].find((step) => (NEEDED.includes(step) || open.includes(step)) && mistakesIn(step).length > 0);
    if (wrong !== undefined) {
      ask([wrong]);
      tellMistakes('write', mistakesIn(wrong)); // somebody went back, or on, without mending it
      return true;
    }
    const answered = [...steps.keys()].filter((step) => NEEDED.includes(step) || (open.includes(step) && answerOf(step) !== ''));
    const rows = answered.map((step) => rowOf(step));
    if (!answered.includes('name')) rows.push(lineOf(steps.get('name')?.dataset.short ?? '', word('report.nameless')));
    at('check-list').replaceChildren(...rows);
    at('ask').textContent = word('report.ask', { count: questions().length });
    at('ask').hidden = questions().length === 0;
    const added = open.filter((step) => !answered.includes(step) && steps.get(step)?.dataset.add);
    at('check-more').replaceChildren(at('ask'), ...added.map((step) => button(steps.get(step)?.dataset.add ?? '', () => ask([step]))));
    show('check');
    return true;
  };

  const rowOf = (/** @type {string} */ step) => {
    const title = steps.get(step)?.dataset.short ?? titleOf(step);
    const change = button(word('report.change'), () => ask([step]));
    change.setAttribute('aria-label', `${word('report.change')}: ${title}`);
    return lineOf(title, saidTo(step), element('dd', {}, change));
  };

  const titleOf = (/** @type {string} */ step) => (steps.get(step)?.querySelector('h2 label') ?? steps.get(step)?.querySelector('h2'))?.textContent ?? '';

  const back = () => {
    if (isAtStart() && at('check').hidden) return false;
    const last = isAsked ? questions() : needed;
    if (!at('check').hidden) return ask(last, last.length - 1);
    if (place === 0) isAsked = false; // so that the way back ends
    return go(place - 1);
  };

  /** @returns {Said} what would be sent */
  const said = () => {
    const open = offered();
    const answers = open.filter((step) => step !== 'name').map((question) => ({ question, answer: answerOf(question) }));
    const identity = open.includes('name') ? nameGiven() : null;
    return { groupId: groupId(), text: textOf('text'), language: language(), answers: answers.filter(({ answer }) => answer !== ''), identity };
  };

  const forget = () => {
    at('write', HTMLFormElement).reset();
    at('check-list').replaceChildren();
  };

  at('write').addEventListener('submit', (event) => {
    event.preventDefault();
    next();
  });
  at('before').addEventListener('click', back);
  at('decline').addEventListener('click', decline);
  at('skip').addEventListener('click', check);
  at('ask').addEventListener('click', () => {
    isAsked = true;
    ask(questions());
  });
  watchLength('text');
  for (const { id } of at('write').querySelectorAll('textarea[id^=answer-]')) watchLength(id, ANSWER_LIMIT);
  reveal();
  return { said, open: () => ask(['text']), back, forget, isBegun: () => textOf('text') !== '' };
}

/**
 * @param {string} term
 * @param {string} said
 * @param {...HTMLElement} more
 */
function lineOf(term, said, ...more) {
  return element('div', {}, element('dt', { text: term }), element('dd', { kind: 'said', text: said }), ...more);
}

/** @returns {string} the group that is chosen */
function groupId() {
  const chosen = at('write').querySelector('input[name=group]:checked');
  return chosen instanceof HTMLInputElement ? chosen.value : '';
}

/**
 * @param {string} step
 * @returns {HTMLInputElement | null} the choice that was made there
 */
function chosenIn(step) {
  return at('write').querySelector(`input[name="answer-${step}"]:checked`);
}

/**
 * @param {string} step
 * @returns {string} as it is sent; empty if there is none
 */
function answerOf(step) {
  if (step === 'name') return Object.values(nameGiven() ?? {}).filter(Boolean).join('\n');
  return document.getElementById(`answer-${step}`) ? textOf(`answer-${step}`).trim() : (chosenIn(step)?.value ?? '');
}

/**
 * @param {string} step
 * @returns {string} as it is read back to whoever answered
 */
function saidTo(step) {
  if (step === 'text') return textOf('text');
  if (step === 'group') return word(`group.${groupId()}`);
  return chosenIn(step)?.labels?.[0]?.textContent ?? answerOf(step);
}

/**
 * @param {string} step
 * @returns {{field: string, words: string}[]}
 */
function mistakesIn(step) {
  if (step === 'name') return mistakesInName();
  const field = step === 'text' ? step : `answer-${step}`;
  if (!document.getElementById(field)) return [];
  const words = step === 'text' ? mistakeOf(field, TEXT_LIMIT, 'report.missing') : mistakeOf(field, ANSWER_LIMIT);
  return words === null ? [] : [{ field, words }];
}

/** @returns {{field: string, words: string}[]} */
function mistakesInName() {
  const given = nameGiven();
  try {
    if (given !== null) padIdentity(given);
    return [];
  } catch (error) {
    return [{ field: 'answer-name', words: wordsOf(error) }];
  }
}

/** @returns {import('../identity.js').IdentityGiven | null} */
function nameGiven() {
  const [name = '', contact = ''] = NAME.map((part) => textOf(`answer-${part}`).trim());
  return name + contact === '' ? null : { name, contact };
}

/** @param {Element} field */
function clear(field) {
  if (field instanceof HTMLInputElement && field.type === 'radio') field.checked = false;
  else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = '';
}

/**
 * @param {string} text
 * @param {() => void} act
 * @returns {HTMLButtonElement}
 */
function button(text, act) {
  const made = /** @type {HTMLButtonElement} */ (element('button', { kind: 'quiet', text }));
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}
