// @ts-check
// Days to look into the mailbox again, as a file for a calendar: made here, under a title of the reporter's own.

import { hex } from '../bytes.js';
import { calendarOf } from '../calendar.js';
import { systemDay, systemRandom } from '../dialogue.js';
import { longDay } from './dates.js';
import { at, element } from './page.js';
import { save } from './save.js';
import { textOf } from './text.js';
import { word } from './words.js';

const NAME = 'calendar.ics';
const ID_BYTES = 16;

/** @returns {{show: (days: readonly string[]) => void, forget: () => void}} */
export function startReminders() {
  /** @type {readonly string[]} */
  let ahead = [];
  const title = at('reminders-title', HTMLInputElement);

  const show = (/** @type {readonly string[]} */ days) => {
    ahead = days.filter((day) => day > systemDay());
    at('reminders').hidden = ahead.length === 0;
    at('reminders-days').replaceChildren(...ahead.map((day) => element('li', { text: longDay(day) })));
  };

  const forget = () => {
    show([]);
    at('reminders-words').textContent = '';
    title.value = title.defaultValue;
  };

  at('reminders-save').addEventListener('click', () => {
    const file = calendarOf(ahead, textOf(title.id).trim() || title.defaultValue, systemDay(), () => hex(systemRandom(ID_BYTES)));
    save(new Blob([file], { type: 'text/calendar' }), NAME);
    at('reminders-words').textContent = word('receipt.saved', { name: NAME });
  });
  return { show, forget };
}
