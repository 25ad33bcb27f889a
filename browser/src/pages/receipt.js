// @ts-check
// The receipt of the report: whether it is here yet, and the proof that is made with it. Moves no focus, and speaks once.

import { wordsOf } from './failures.js';
import { longDay } from './dates.js';
import { at } from './page.js';
import { save } from './save.js';
import { word } from './words.js';

/** @typedef {import('./box.js').OpenBox} OpenBox */

/** @returns {{show: (box: OpenBox) => void, forget: () => void}} */
export function startReceipt() {
  /** @type {OpenBox | null} */
  let shown = null;

  const show = (/** @type {OpenBox} */ box) => {
    shown = box;
    const day = dayOf(box);
    for (const id of ['receipt-looking', 'receipt-none', 'receipt-when-none']) at(id).hidden = day !== '';
    at('proof').hidden = day === '';
    at('receipt-looking').textContent = word(box.looking ? 'receipt.looking' : 'receipt.stopped');
    const words = at('receipt-words');
    const there = day && word('receipt.there', { day: longDay(day) });
    if (there && words.textContent !== there) words.textContent = there; // said once, not at every look
  };

  const again = async () => {
    const box = shown;
    if (!box) return;
    at('receipt-words').textContent = word('receipt.asking');
    try {
      await box.look();
      if (dayOf(box) === '') at('receipt-words').textContent = word('receipt.none');
    } catch (error) {
      at('receipt-words').textContent = wordsOf(error);
    }
    box.watch();
  };

  const keep = async () => {
    const proof = await shown?.mailbox?.proof();
    if (!proof || !shown) return;
    const name = `proof-${dayOf(shown)}.json`;
    save(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (proof)], { type: 'application/octet-stream' }), name);
    at('proof-words').textContent = word('receipt.saved', { name });
  };

  const forget = () => {
    shown = null;
    at('proof').hidden = true;
    at('proof', HTMLDetailsElement).open = false;
    for (const id of ['receipt-words', 'receipt-looking', 'proof-words']) at(id).textContent = '';
  };

  at('receipt-again').addEventListener('click', again);
  at('proof-save').addEventListener('click', keep);
  return { show, forget };
}

/**
 * @param {OpenBox} box
 * @returns {string} the day that the receipt of its report names, or nothing
 */
function dayOf({ mailbox }) {
  return mailbox?.thread.items.find(({ content }) => content?.kind === 'report')?.receipt?.day ?? '';
}
