// @ts-check
// Where every page begins: the way out works first, then the page's own part, and only if this browser can seal and the card holds.
// Keeps nothing beyond the page, and changes nothing in the address.

import { utf8 } from './bytes.js';
import { readCard } from './card.js';
import { requireCapabilities, systemDay } from './dialogue.js';
import { instance } from './instance.js';
import { wordsOf } from './pages/failures.js';
import { startLeaving } from './pages/leave.js';
import { startMailbox } from './pages/mailbox.js';
import { at, beginWith } from './pages/page.js';
import { startReport } from './pages/report.js';

startLeaving();

const page = document.body.dataset.page ?? '';
const start = { report: startReport, mailbox: startMailbox }[page];
if (start) {
  at('without').hidden = true;
  try {
    requireCapabilities();
    const reading = { rootFingerprint: instance.rootFingerprint, instance: instance.instanceId };
    const known = page === 'report' ? { ...reading, today: systemDay() } : reading; // letters are read with an ended card, too
    start(readCard(utf8(instance.card), known), instance);
  } catch (error) {
    at('incapable-why').textContent = wordsOf(error);
    beginWith(['incapable'], 'incapable');
  }
}
