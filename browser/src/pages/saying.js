// @ts-check
// The forms of the mailbox: each says one thing of its own kind. What was not sent stays where it was written.

import { ANSWER_LIMIT, TEXT_LIMIT } from '../constants.js';
import { IdentityEmpty, IdentityTooLong } from '../errors.js';
import { span } from './amounts.js';
import { wordsOf } from './failures.js';
import { at, painted, tellMistakes } from './page.js';
import { mistakeOf, textOf, watchLength } from './text.js';
import { word } from './words.js';

/**
 * @typedef {import('./box.js').OpenBox} OpenBox
 * @typedef {import('../dialogue.js').Said} Said
 * @typedef {import('../identity.js').IdentityGiven} IdentityGiven
 * @typedef {{said: (text: string) => Said, limit: number, missing?: string}} Act
 */

/** @type {Record<string, Act>} by the id of its form */
const ACTS = {
  reply: { said: (text) => ({ kind: 'message', body: { text } }), limit: TEXT_LIMIT, missing: 'mailbox.missing-text' },
  retaliation: { said: (text) => ({ kind: 'retaliation', body: { text } }), limit: TEXT_LIMIT, missing: 'mailbox.missing-text' },
  consent: { said: (scope) => ({ kind: 'consent', body: { scope } }), limit: ANSWER_LIMIT, missing: 'mailbox.missing-scope' },
  meeting: { said: (text) => ({ kind: 'meeting-request', body: { text } }), limit: TEXT_LIMIT },
  enough: { said: (text) => ({ kind: 'close', body: { text } }), limit: TEXT_LIMIT },
};
const IDENTITY = ['identity-name', 'identity-contact'];

/**
 * @param {() => OpenBox | null} boxNow
 * @returns {{forget: () => void, isBegun: () => boolean}}
 */
export function startSaying(boxNow) {
  /** @type {Set<string>} the forms whose words are on their way */
  const saying = new Set();
  /** @type {{given: string, said: Said} | null} sealed last, to be sent again as it is */
  let identity = null;

  /**
   * @param {string} form
   * @param {string} field that a failure is told beside
   * @param {(mailbox: import('../dialogue.js').Mailbox) => Promise<Said> | Said} saidIn
   * @returns {Promise<boolean>} whether it arrived
   */
  const say = async (form, field, saidIn) => {
    const here = boxNow();
    if (saying.has(form) || !here) return false;
    const words = at(`${form}-words`);
    words.textContent = word('mailbox.sending');
    saying.add(form);
    try {
      await painted();
      await here.say(async (mailbox) => mailbox.say(await saidIn(mailbox), undefined, ({ pause }) => {
        if (here === boxNow()) words.textContent = word('common.retrying', { time: span(pause / 1000) });
      }));
      words.textContent = word('mailbox.sent');
      words.scrollIntoView({ block: 'nearest' });
      return true;
    } catch (failure) {
      words.textContent = '';
      const kept = failure instanceof IdentityEmpty || failure instanceof IdentityTooLong ? '' : ` ${word('mailbox.kept')}`;
      tellMistakes(form, [{ field, words: wordsOf(failure) + kept }]);
      return false;
    } finally {
      saying.delete(form);
    }
  };

  const act = async (/** @type {string} */ form, /** @type {Act} */ { said, limit, missing }) => {
    const field = `${form}-text`;
    const mistake = mistakeOf(field, limit, missing);
    tellMistakes(form, mistake === null ? [] : [{ field, words: mistake }]);
    const text = textOf(field);
    if (mistake === null && (await say(form, field, () => said(text))) && textOf(field) === text) empty(field);
  };

  const name = async () => {
    tellMistakes('identity', []);
    const [name = '', contact = ''] = IDENTITY.map((field) => textOf(field).trim());
    const given = JSON.stringify([name, contact]);
    const sealed = async (/** @type {import('../dialogue.js').Mailbox} */ mailbox) => {
      if (identity?.given !== given) identity = { given, said: await mailbox.sealIdentity({ name, contact }) };
      return identity.said;
    };
    if (!(await say('identity', 'identity-name', sealed))) return;
    identity = null;
    IDENTITY.forEach(empty);
  };

  const forms = [...Object.keys(ACTS), 'identity'];
  for (const form of forms) {
    at(form).addEventListener('submit', (event) => {
      event.preventDefault();
      const one = ACTS[form];
      one ? act(form, one) : name();
    });
    if (ACTS[form]) watchLength(`${form}-text`, ACTS[form].limit);
  }

  const isBegun = () => {
    const written = /** @type {NodeListOf<HTMLInputElement>} */ (at('opened').querySelectorAll('textarea, #identity input'));
    return [...written].some(({ value }) => value !== '');
  };

  const forget = () => {
    saying.clear();
    identity = null;
    for (const form of forms) {
      at(form, HTMLFormElement).reset();
      at(`${form}-words`).textContent = '';
      if (ACTS[form]) at(`${form}-text-left`).textContent = '';
      tellMistakes(form, []);
    }
  };
  return { forget, isBegun };
}

/** @param {string} field */
function empty(field) {
  /** @type {HTMLInputElement | HTMLTextAreaElement} */ (at(field)).value = '';
}
