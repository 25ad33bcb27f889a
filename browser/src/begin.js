// @ts-check
// Where report and mailbox begin: the way out works first, then the page's own part, and only if this browser can seal and the card
// holds. Keeps nothing beyond the page, and changes nothing in the address.

import { utf8 } from './bytes.js';
import { readCard } from './card.js';
import { requireCapabilities } from './dialogue.js';
import { instance } from './instance.js';
import { wordsOf } from './pages/failures.js';
import { startLeaving } from './pages/leave.js';
import { at, beginWith } from './pages/page.js';

/**
 * @param {(card: import('./card.js').Card, limits: import('./instance.js').Instance) => void} start the page's own part
 * @param {{today?: string}} when the card is to hold
 */
export function begin(start, when = {}) {
  startLeaving();
  at('without').hidden = true;
  try {
    requireCapabilities();
    const known = { rootFingerprint: instance.rootFingerprint, instance: instance.instanceId, ...when };
    start(readCard(utf8(instance.card), known), instance);
  } catch (error) {
    at('incapable-why').textContent = wordsOf(error);
    beginWith(['incapable'], 'incapable');
  }
}
