// @ts-check
// Handing a file to the browser, to be saved and never shown here.

import { element } from './page.js';

const TAKEN_MS = 60_000;

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const link = /** @type {HTMLAnchorElement} */ (element('a', {}));
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), TAKEN_MS);
}

/**
 * @param {...HTMLElement} parts of the page
 * @returns {string} them alone, as a page that can be read anywhere and does nothing: what is asked stays, what can be pressed goes
 */
export function pageOf(...parts) {
  const copy = element('body', {}, ...parts.map((part) => part.cloneNode(true)));
  for (const choice of copy.querySelectorAll('fieldset button')) choice.replaceWith(choice.textContent ?? '', '. ');
  for (const act of copy.querySelectorAll('[hidden], button, details, progress')) act.remove();
  const page = element('html', {}, element('head', {}, element('title', { text: document.title })), copy);
  page.lang = document.documentElement.lang;
  return `<!doctype html>\n<meta charset="utf-8"><meta name="viewport" content="width=device-width">\n${page.outerHTML}`;
}

/**
 * @param {string} name as somebody else gave it
 * @returns {string} without what leads out of a folder, hides the file or its ending, or turns the reading round
 */
export function plainName(name) {
  return name.replace(/[\p{C}\p{Zl}\p{Zp}"*/:<>?\\|]/gu, '_').replace(/^[. ]+|[. ]+$/g, '') || '_';
}
