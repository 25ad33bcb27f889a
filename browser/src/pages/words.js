// @ts-check
// The words that scripts say, read from the page that they are part of. Has no word of its own.

/** @type {Map<string, string> | undefined} */
let words;

/**
 * @param {string} key
 * @returns {boolean}
 */
export function hasWord(key) {
  return wordsOfPage().has(key);
}

/**
 * @param {string} key
 * @param {Readonly<Record<string, string | number>>} values what its gaps, written {name}, are filled with
 * @returns {string}
 */
export function word(key, values = {}) {
  return (wordsOfPage().get(key) ?? key).replace(/\{([a-z]+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** @returns {string} the language of the page */
export function language() {
  return document.documentElement.lang;
}

/** @returns {Map<string, string>} */
function wordsOfPage() {
  if (!words) {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById('words'));
    const spans = /** @type {NodeListOf<HTMLElement>} */ (template.content.querySelectorAll('[data-word]'));
    words = new Map([...spans].map((span) => [span.dataset.word ?? '', span.textContent ?? '']));
  }
  return words;
}
