// @ts-check
// What /report.js is made of.

import { begin } from './begin.js';
import { systemDay } from './dialogue.js';
import { startReport } from './pages/report.js';

begin(startReport, { today: systemDay() });
