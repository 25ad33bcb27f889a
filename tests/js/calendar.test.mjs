// Reminders as other calendars read them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarOf } from '../../browser/src/calendar.js';

const ids = () => {
  let count = 0;
  return () => `id-${++count}`;
};

test('reminders are whole days under the given title, told at six in the evening', () => {
  const alarm = ['BEGIN:VALARM', 'ACTION:DISPLAY', 'DESCRIPTION:Tandlæge', 'TRIGGER:PT18H', 'END:VALARM'];
  const lines = calendarOf(['2026-12-01', '2027-02-28'], 'Tandlæge', '2026-11-24', ids()).split('\r\n');
  assert.deepEqual(lines, [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Calendar//EN',
    'BEGIN:VEVENT', 'UID:id-1', 'DTSTAMP:20261124T000000Z', 'DTSTART;VALUE=DATE:20261201', 'DTEND;VALUE=DATE:20261202',
    'SUMMARY:Tandlæge', 'TRANSP:TRANSPARENT', ...alarm, 'END:VEVENT',
    'BEGIN:VEVENT', 'UID:id-2', 'DTSTAMP:20261124T000000Z', 'DTSTART;VALUE=DATE:20270228', 'DTEND;VALUE=DATE:20270301',
    'SUMMARY:Tandlæge', 'TRANSP:TRANSPARENT', ...alarm, 'END:VEVENT',
    'END:VCALENDAR', '',
  ]);
});

test('a title cannot end its line, begin another, or say two things', () => {
  const file = calendarOf(['2026-12-01'], 'a\r\nATTENDEE:x\u2028b;c,d\\e', '2026-11-24', ids());
  assert.match(file, /\r\nSUMMARY:a ATTENDEE:x b\\;c\\,d\\\\e\r\n/);
});

test('a long title is folded at 75 bytes, between characters', () => {
  const title = 'æ😀'.repeat(60);
  const file = calendarOf(['2026-12-01'], title, '2026-11-24', ids());
  assert.ok(file.split('\r\n').every((line) => Buffer.byteLength(line) <= 75));
  assert.ok(file.replaceAll('\r\n ', '').includes(`SUMMARY:${title}`));
});
