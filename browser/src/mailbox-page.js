// @ts-check
// What /mailbox.js is made of. Letters are read with an ended card, too.

import { begin } from './begin.js';
import { startMailbox } from './pages/mailbox.js';

begin(startMailbox);
