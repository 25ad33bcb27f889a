// @ts-check
// Leaving fast: the page goes blank and its fields empty at once, then another page takes its place in the history. The link
// that this is fastened to works without it, too.

import { isGuarded } from './back.js';
import { at } from './page.js';

const PRESSES = 3;
const WITHIN_MS = 5_000;
const STEP_MS = 300; // what one step back in the history may take

/** @type {(() => void)[]} */
const wipes = [];

/**
 * @param {() => void} wipe forgets what a page holds; run when somebody leaves, however they leave
 */
export function onLeaving(wipe) {
  wipes.push(wipe);
}

/** Fastens the link, the key, and what happens when the browser itself leaves the page. */
export function startLeaving() {
  at('leave').addEventListener('click', (event) => {
    event.preventDefault();
    leave();
  });
  let pressed = /** @type {number[]} */ ([]);
  addEventListener('keydown', ({ key, repeat }) => {
    if (key !== 'Shift') pressed = [];
    else if (!repeat) pressed = [...pressed.filter((when) => performance.now() - when < WITHIN_MS), performance.now()];
    if (pressed.length >= PRESSES) leave();
  });
  addEventListener('pagehide', wipeAll);
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload(); // brought back from the browser's memory: begin anew
  });
}

function leave() {
  const elsewhere = at('leave', HTMLAnchorElement).href;
  wipeAll();
  document.body.replaceChildren();
  document.title = '';
  const go = () => location.replace(elsewhere);
  if (!isGuarded()) return go();
  addEventListener('popstate', (event) => {
    event.stopImmediatePropagation();
    go();
  }, { capture: true });
  history.back(); // so that the other page takes the place of this one, and the way back does not lead here
  setTimeout(go, STEP_MS);
}

function wipeAll() {
  for (const field of document.querySelectorAll('textarea, input')) {
    if (field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === 'text')) field.value = '';
  }
  for (const wipe of wipes) wipe();
}
