// @ts-check
// Promised dates against the table of the requirements (section 10.3), which was worked out outside our code.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueDays } from '../../browser/src/pages/dates.js';

const PROMISED = { acknowledgeDays: 7, feedbackMonths: 3 };
const TABLE = /** @type {const} */ ([
  ['2026-11-24', null, '2026-12-01', '2027-03-01'],
  ['2026-11-24', '2026-11-30', '2026-12-01', '2027-02-28'],
  ['2026-11-24', '2026-11-25', '2026-12-01', '2027-02-25'],
  ['2027-11-22', '2027-11-29', '2027-11-29', '2028-02-29'],
  ['2026-12-28', null, '2027-01-04', '2027-04-04'],
]);

for (const [reported, acknowledged, acknowledge, feedback] of TABLE) {
  test(`a report of ${reported}, acknowledged ${acknowledged ?? 'never'}, is answered by ${feedback}`, () => {
    assert.deepEqual(dueDays(reported, acknowledged, promised()), { acknowledge, feedback });
  });
}

test('a late acknowledgement does not put the feedback off', () => {
  assert.equal(dueDays('2026-11-24', '2026-12-20', promised()).feedback, '2027-03-01');
});

function promised() {
  return { instanceId: '', rootFingerprint: '', card: '', languages: [], ...PROMISED };
}
