// @ts-check
// A fresh case code: shown, kept, and shown to have been kept. It is gone from page and memory once it was typed back.

import { dueDays, longDay, lookingDays } from './dates.js';
import { at, showGroups, tellMistakes } from './page.js';
import { language, word } from './words.js';

const ASKED = ['typeback-first', 'typeback-second'];

/**
 * @param {import('../instance.js').Instance} instance
 * @param {(step: string) => void} show
 * @param {() => void} onKept
 */
export function startCode(instance, show, onKept) {
  /** @type {string[] | null} its groups, between the acknowledgement and the proof that it was kept */
  let code = null;
  /** @type {number[]} which groups are asked for */
  let places = [];
  let day = '';

  const begin = (/** @type {string} */ made, /** @type {string} */ stored) => {
    code = made.split('-');
    day = stored;
    showAgain();
  };

  const showAgain = () => {
    showGroups(at('code-groups'), code ?? []);
    at('slip-days').textContent = lookingDays(dueDays(day, null, instance)).map(longDay).join(' · ');
    at('code-words').textContent = '';
    show('code');
  };

  const askBack = () => {
    places = twoPlaces();
    at('code-groups').replaceChildren();
    ASKED.forEach((field, i) => {
      const label = at('typeback').querySelector(`label[for=${field}]`);
      if (label) label.textContent = word('code.group', { place: (places[i] ?? 0) + 1 });
      at(field, HTMLInputElement).value = '';
      at(field).dataset.group = String(places[i]);
    });
    tellMistakes('typeback', []);
    show('typeback');
  };

  const checkBack = () => {
    const wrong = ASKED.filter((field, i) => !isGroup(at(field, HTMLInputElement).value, places[i] ?? 0, code ?? []));
    const mistakes = wrong.map((field) => ({ field, words: word('code.wrong', { place: (places[ASKED.indexOf(field)] ?? 0) + 1 }) }));
    tellMistakes('typeback', mistakes);
    if (mistakes.length > 0) return;
    forget();
    onKept();
  };

  const forget = () => {
    code = null;
    ASKED.forEach((field) => (at(field, HTMLInputElement).value = ''));
    at('code-groups').replaceChildren();
  };

  at('typeback').addEventListener('submit', (event) => {
    event.preventDefault();
    checkBack();
  });
  at('written').addEventListener('click', askBack);
  at('show-again').addEventListener('click', showAgain);
  startSlip(() => (code ?? []).join('-'));
  return { begin, showAgain, forget, isOpen: () => code !== null };
}

/**
 * The code on paper or in the clipboard, without the name of anybody.
 * @param {() => string} code
 */
function startSlip(code) {
  const title = document.title;
  at('copy').addEventListener('click', () => {
    const give = (/** @type {ClipboardEvent} */ event) => {
      event.preventDefault();
      event.clipboardData?.setData('text/plain', code());
    };
    document.addEventListener('copy', give);
    // The newer way to the clipboard is shut by our own permissions policy; this one copies only what is asked for.
    const copied = document.execCommand('copy');
    document.removeEventListener('copy', give);
    at('code-words').textContent = word(copied ? 'code.copied' : 'code.uncopied');
  });
  at('print').addEventListener('click', () => print());
  at('with-address').addEventListener('change', () => {
    const mailbox = new URL(`/${language()}/mailbox`, location.origin);
    at('slip-address').textContent = word('code.address', { address: mailbox.href });
    at('slip-address').hidden = !at('with-address', HTMLInputElement).checked;
  });
  addEventListener('beforeprint', () => (document.title = word('code.slip')));
  addEventListener('afterprint', () => (document.title = title));
}

/** @returns {number[]} two of the nine groups, one of them of the last three, which a small screen may have hidden */
function twoPlaces() {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2));
  return [a % 6, 6 + (b % 3)];
}

/**
 * @param {string} typed the group alone or the whole code, with any signs between the letters
 * @param {number} place
 * @param {readonly string[]} code
 * @returns {boolean}
 */
function isGroup(typed, place, code) {
  const letters = typed.toLowerCase().replace(/[^a-z]/g, '');
  return letters === code[place] || letters === code.join('');
}
