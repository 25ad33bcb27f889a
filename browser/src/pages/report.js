// @ts-check
// Sending a report: checked, sealed, sent; then the code is kept, and shown to have been kept. The code is shown only once the report has been
// acknowledged (code.js); the keys made from it stay for files, receipt and proof
// until the page is left. Nothing leaves before "send" is pressed.

import { deliverReport, openOwnBox, prepareReport } from '../dialogue.js';
import { IntakeRefused, WhistleError } from '../errors.js';
import { span } from './amounts.js';
import { startBack } from './back.js';
import { OpenBox } from './box.js';
import { startCode } from './code.js';
import { dueDays, longDay, lookingDays } from './dates.js';
import { wordsOf } from './failures.js';
import { startFiles } from './files.js';
import { onLeaving } from './leave.js';
import { startForm } from './form.js';
import { at, beginWith, painted, showOnly } from './page.js';
import { startReceipt } from './receipt.js';
import { startReminders } from './reminders.js';
import { word } from './words.js';

/**
 * @typedef {import('../card.js').Card} Card
 * @typedef {import('../dialogue.js').Prepared} Prepared
 * @typedef {import('../instance.js').Instance} Instance
 */

const STEPS = ['write', 'check', 'sending', 'failed', 'code', 'typeback', 'done', 'incapable'];
const RECEIPTED = ['code', 'typeback', 'done'];
const UNCERTAIN = ['network-failed', 'unexpected-answer', 'too-slow']; // the report may have arrived all the same

/**
 * @param {Card} card
 * @param {Instance} instance
 */
export function startReport(card, instance) {
  /** @type {{said: string, sealed: Readonly<Prepared>, mayHaveArrived: boolean} | null} sealed last, to be sent again as it is */
  let prepared = null;
  /** On which intake says that it stored the report. */
  let day = '';
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
  const keeping = startCode(instance, show, () => finish());

  /** @returns {boolean} whether the page stays: what is being sent cannot be taken back, and a code is not left unwritten */
  const back = () => {
    if (shown === 'done') return files.isBusy() && !confirm(word('files.leave'));
    if (shown === 'failed') form.open();
    else if (shown === 'typeback') keeping.showAgain();
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
      const { code, keys } = prepared.sealed;
      follow(keys);
      prepared = null;
      form.forget();
      keeping.begin(code, day);
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

  const finish = () => {
    const due = dueDays(day, null, instance);
    at('done-acknowledge').textContent = longDay(due.acknowledge);
    at('done-feedback').textContent = longDay(due.feedback);
    reminders.show(lookingDays(due));
    at('done-receipt').append(at('receipt'));
    at('receipt-more').hidden = false;
    if (box) files.use(box);
    show('done');
  };

  onLeaving(() => {
    prepared = null;
    box?.leave();
    box = null;
    for (const part of [receipt, files, reminders, keeping]) part.forget();
    form.forget();
  });
  addEventListener('beforeunload', (event) => {
    if (keeping.isOpen() || form.isBegun()) event.preventDefault();
  });
  onClick('back', form.open);
  onClick('send', send);
  onClick('again', send);
  beginWith(STEPS, 'write');
}

/**
 * @param {string} button id
 * @param {() => void} act
 */
function onClick(button, act) {
  at(button).addEventListener('click', act);
}
