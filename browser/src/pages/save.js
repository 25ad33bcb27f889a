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
 * @param {string} name as somebody else gave it
 * @returns {string} without what leads out of a folder, hides the file or its ending, or turns the reading round
 */
export function plainName(name) {
  return name.replace(/[\p{C}\p{Zl}\p{Zp}"*/:<>?\\|]/gu, '_').replace(/^[. ]+|[. ]+$/g, '') || '_';
}
