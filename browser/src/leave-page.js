// @ts-check
// What /leave.js is made of: all that the pages need on which nothing is written or opened.

import { startLeaving } from './pages/leave.js';

startLeaving();
