// @ts-check
// Sending a report: checked, sealed, sent; then the code is kept, and shown to have been kept. The code is shown only once the report has been
// acknowledged, and is gone from page and memory once it was typed back; the keys made from it stay for files, receipt and proof
// until the page is left. Nothing leaves before "send" is pressed.

import { deliverReport, openOwnBox, prepareReport } from '../dialogue.js';
import { IntakeRefused, WhistleError } from '../errors.js';
import { span } from './amounts.js';
import { startBack } from './back.js';
import { OpenBox } from './box.js';
import { dueDays, longDay, lookingDays } from './dates.js';
import { wordsOf } from './failures.js';
import { startFiles } from './files.js';
import { onLeaving } from './leave.js';
import { startForm } from './form.js';
import { at, beginWith, painted, showGroups, showOnly, tellMistakes } from './page.js';
import { startReceipt } from './receipt.js';
import { startReminders } from './reminders.js';
import { language, word } from './words.js';

/**
 * @typedef {import('../card.js').Card} Card
 * @typedef {import('../dialogue.js').Prepared} Prepared
 * @typedef {import('../instance.js').Instance} Instance
 */

const STEPS = ['write', 'check', 'sending', 'failed', 'code', 'typeback', 'done', 'incapable'];
const ASKED = ['typeback-first', 'typeback-second'];
const RECEIPTED = ['code', 'typeback', 'done'];
const UNCERTAIN = ['network-failed', 'unexpected-answer', 'too-slow']; // the report may have arrived all the same

/**
 * @param {Card} card
 * @param {Instance} instance
 */
export function startReport(card, instance) {
  /** @type {{said: string, sealed: Readonly<Prepared>, mayHaveArrived: boolean} | null} sealed last, to be sent again as it is */
  let prepared = null;
  /** @type {string[] | null} the groups of the code, between the acknowledgement and the proof that it was kept */
  let code = null;
  /** On which intake says that it stored the report. */
  let day = '';
  /** @type {number[]} which groups are asked for */
  let places = [];
  /** @type {OpenBox | null} of the report, once it is stored */
  let box = null;
  const receipt = startReceipt();
  const files = startFiles(instance);
  const reminders = startReminders();

  let shown = 'write';
  const show = (/** @type {string} */ step) => {
    shown = step;
    if (step !== 'write' || form.isBegun()) guard();
    document.body.classList.toggle('slip', step === 'code');
    document.body.classList.toggle('begun', step !== 'write' || form.isBegun()); // another language is another page, without all this
    at('receipt').hidden = !RECEIPTED.includes(step);
    showOnly(STEPS, step);
  };

  const form = startForm(card, show);

  /** @returns {boolean} whether the page stays: what is being sent cannot be taken back, and a code is not left unwritten */
  const back = () => {
    if (shown === 'done') return files.isBusy() && !confirm(word('files.leave'));
    if (shown === 'failed') form.open();
    else if (shown === 'typeback') showCode();
    else if ((shown === 'write' || shown === 'check') && !form.back()) return !mayLose();
    return true;
  };
  const mayLose = () => {
    if (form.isBegun() && !confirm(word('report.unsent'))) return false;
    form.forget();
    return true;
  };
  const guard = startBack(back);
  at('write').addEventListener('input', guard);

  const send = async () => {
    show('sending');
    at('sending-words').textContent = word('report.sealing');
    await painted();
    try {
      const said = form.said();
      const spelled = JSON.stringify(said);
      if (prepared?.said !== spelled) {
        prepared = { said: spelled, sealed: await prepareReport({ card, ...said }), mayHaveArrived: false };
      }
      at('sending-words').textContent = word('report.sending');
      await painted();
      ({ day } = await deliverReport(prepared.sealed, undefined, ({ pause }) => {
        at('sending-words').textContent = word('common.retrying', { time: span(pause / 1000) });
      }));
      code = prepared.sealed.code.split('-');
      follow(prepared.sealed.keys);
      prepared = null;
      form.forget();
      showCode();
    } catch (error) {
      if (error instanceof IntakeRefused && error.code === 'place-taken') prepared = null; // the next is sealed anew
      if (prepared && error instanceof WhistleError && UNCERTAIN.includes(error.code)) prepared.mayHaveArrived = true;
      at('failed-why').textContent = wordsOf(error);
      at('failed-second').hidden = !prepared?.mayHaveArrived;
      show('failed');
    }
  };

  const follow = (/** @type {Prepared['keys']} */ keys) => {
    box = new OpenBox(() => openOwnBox(keys, { card }), (read) => {
      receipt.show(read);
      files.show(read);
    });
    receipt.show(box);
    box.watch();
  };

  const showCode = () => {
    showGroups(at('code-groups'), code ?? []);
    at('slip-days').textContent = lookingDays(dueDays(day, null, instance)).map(longDay).join(' · ');
    at('code-words').textContent = '';
    show('code');
  };

  const askBack = () => {
    places = twoPlaces();
    at('code-groups').replaceChildren();
    ASKED.forEach((field, i) => {
      const label = at('typeback').querySelector(`label[for=${field}]`);
      if (label) label.textContent = word('report.group', { place: (places[i] ?? 0) + 1 });
      at(field, HTMLInputElement).value = '';
      at(field).dataset.group = String(places[i]);
    });
    tellMistakes('typeback', []);
    show('typeback');
  };

  const finish = () => {
    code = null;
    ASKED.forEach((field) => (at(field, HTMLInputElement).value = ''));
    const due = dueDays(day, null, instance);
    at('done-acknowledge').textContent = longDay(due.acknowledge);
    at('done-feedback').textContent = longDay(due.feedback);
    reminders.show(lookingDays(due));
    at('done-receipt').append(at('receipt'));
    at('receipt-more').hidden = false;
    if (box) files.use(box);
    show('done');
  };

  const checkBack = () => {
    const wrong = ASKED.filter((field, i) => !isGroup(at(field, HTMLInputElement).value, places[i] ?? 0, code ?? []));
    const mistakes = wrong.map((field) => ({ field, words: word('report.wrong', { place: (places[ASKED.indexOf(field)] ?? 0) + 1 }) }));
    tellMistakes('typeback', mistakes);
    if (mistakes.length === 0) finish();
  };

  onLeaving(() => {
    prepared = null;
    code = null;
    box?.leave();
    box = null;
    for (const part of [receipt, files, reminders]) part.forget();
    form.forget();
    at('code-groups').replaceChildren();
  });
  addEventListener('beforeunload', (event) => {
    if (code !== null || form.isBegun()) event.preventDefault();
  });
  at('typeback').addEventListener('submit', (event) => {
    event.preventDefault();
    checkBack();
  });
  onClick('back', form.open);
  onClick('send', send);
  onClick('again', send);
  onClick('written', askBack);
  onClick('show-again', showCode);
  startSlip(() => (code ?? []).join('-'));
  beginWith(STEPS, 'write');
}

/**
 * The code on paper or in the clipboard, without the name of anybody.
 * @param {() => string} code
 */
function startSlip(code) {
  const title = document.title;
  onClick('copy', () => {
    const give = (/** @type {ClipboardEvent} */ event) => {
      event.preventDefault();
      event.clipboardData?.setData('text/plain', code());
    };
    document.addEventListener('copy', give);
    // The newer way to the clipboard is shut by our own permissions policy; this one copies only what is asked for.
    const copied = document.execCommand('copy');
    document.removeEventListener('copy', give);
    at('code-words').textContent = word(copied ? 'report.copied' : 'report.uncopied');
  });
  onClick('print', () => print());
  at('with-address').addEventListener('change', () => {
    const mailbox = new URL(`/${language()}/mailbox`, location.origin);
    at('slip-address').textContent = word('report.address', { address: mailbox.href });
    at('slip-address').hidden = !at('with-address', HTMLInputElement).checked;
  });
  addEventListener('beforeprint', () => (document.title = word('report.slip')));
  addEventListener('afterprint', () => (document.title = title));
}

/** @returns {number[]} two of the nine groups, one of them of the last three, which a small screen may have hidden */
function twoPlaces() {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2));
  return [a % 6, 6 + (b % 3)];
}

/**
 * @param {string} typed the group alone or the whole code, with any signs between the letters
 * @param {number} place
 * @param {readonly string[]} code
 * @returns {boolean}
 */
function isGroup(typed, place, code) {
  const letters = typed.toLowerCase().replace(/[^a-z]/g, '');
  return letters === code[place] || letters === code.join('');
}

/**
 * @param {string} button id
 * @param {() => void} act
 */
function onClick(button, act) {
  at(button).addEventListener('click', act);
}
