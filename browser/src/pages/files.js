// @ts-check
// Sending files from a page: chosen, sealed and sent one after another, each named to the desk as soon as it is there. Keeps
// nothing beyond the page; what is lost with the page is the file that was on its way.

import { PAUSES, isPassing, wait } from '../patience.js';
import { WhistleError } from '../errors.js';
import { amount, span } from './amounts.js';
import { longDay } from './dates.js';
import { wordsOf } from './failures.js';
import { at, element } from './page.js';
import { hasWord, word } from './words.js';

/**
 * @typedef {import('./box.js').OpenBox} OpenBox
 * @typedef {import('../files.js').Transfer} Transfer
 * @typedef {import('../files.js').State | 'naming'} State
 * @typedef {import('../content.js').SentFile} SentFile
 * @typedef {import('../instance.js').Instance} Instance
 */

const TOLD = ['sending', 'paused', 'offline', 'done', 'cancelled', 'failed'];
const ENDED = ['done', 'failed']; // of the transfer: the row says more
const MOVING = ['sending', 'paused', 'offline'];

/**
 * @param {Instance} limits
 * @returns {{use: (box: OpenBox) => void, show: (box: OpenBox) => void, forget: () => void, isBusy: () => boolean}}
 */
export function startFiles(limits) {
  /** @type {OpenBox | null} */
  let box = null;
  /** @type {OpenBox | null} the one into which a file is on its way */
  let sending = null;
  /** @type {Row[]} */
  let rows = [];
  let left = new AbortController();

  const choose = () => {
    const input = at('files-input', HTMLInputElement);
    const chosen = [...(input.files ?? [])];
    input.value = ''; // so that the same one can be chosen again
    const refused = chosen.flatMap((file) => {
      const why = mistakeOf(file, room());
      if (why === null) rows.push(new Row(file, send));
      return why ?? [];
    });
    at('files-refused').replaceChildren(...refused.map((text) => element('li', { text })));
    for (const { item } of rows) if (!item.isConnected) at('files-list').append(item);
    send();
  };

  /** @returns {number} how many more may come */
  const room = () => {
    const named = namedIn(box);
    return limits.files - named.size - rows.filter(({ state, sent }) => state !== 'cancelled' && !named.has(sent?.sealed ?? '')).length;
  };

  /**
   * @param {File} file
   * @param {number} more
   * @returns {string | null} why it is not sent, in words
   */
  const mistakeOf = ({ name, size }, more) => {
    const why = size === 0 ? 'empty' : size > limits.fileBytes ? 'too-large' : more <= 0 ? 'too-many' : null;
    return why && word(`files.${why}`, { name, size: amount(limits.fileBytes), count: limits.files });
  };

  /** One after another; a file that waits for its turn is found by whoever is sending already. */
  const send = async () => {
    const here = box;
    if (!here || sending === here) return;
    sending = here;
    for (let next; here === box && (next = rows.find(({ state }) => state === 'waiting')); ) {
      await next.send(here, limits.fileBytes, left.signal);
    }
    if (sending === here) sending = null;
  };

  const use = (/** @type {OpenBox} */ opened) => {
    forget();
    box = opened;
    left = new AbortController();
    at('files-limits').textContent = word('files.limits', { count: limits.files, size: amount(limits.fileBytes) });
  };

  const forget = () => {
    box = null;
    left.abort();
    for (const row of rows) row.stop();
    rows = [];
    for (const id of ['files-list', 'files-refused', 'files-words']) at(id).replaceChildren();
  };

  const show = (/** @type {OpenBox} */ { mailbox }) => {
    for (const row of rows) row.receipted(mailbox?.fileReceipts.get(row.sent?.sealed ?? '') ?? null);
  };

  const isBusy = () => rows.some(({ isUnfinished }) => isUnfinished);
  at('files-input').addEventListener('change', choose);
  addEventListener('beforeunload', (event) => {
    if (isBusy()) event.preventDefault();
  });
  return { use, show, forget, isBusy };
}

/** One chosen file, and its place on the page. */
class Row {
  /** @type {State} */
  state = 'waiting';
  /** @type {SentFile | null} once all of it is at intake */
  sent = null;
  /** @type {Transfer | null} */
  #transfer = null;
  /** @type {string | null} the day of its receipt, which may be here before the naming has ended */
  #receipted = null;
  #file;
  #bar = /** @type {HTMLProgressElement} */ (element('progress', {}));
  #words = element('p', { kind: 'from' });
  #first = button('pause');
  #second = button('cancel');

  /**
   * @param {File} file
   * @param {() => void} again sends what waits
   */
  constructor(file, again) {
    this.#file = file;
    const name = element('p', { kind: 'name' }, element('bdi', { text: file.name }), ` ${amount(file.size)}`);
    this.#bar.setAttribute('aria-label', file.name);
    this.item = element('li', {}, name, this.#bar, this.#words, element('p', { kind: 'buttons' }, this.#first, this.#second));
    this.item.tabIndex = -1;
    this.#first.addEventListener('click', () => (this.state === 'sending' ? this.#transfer?.pause() : this.#transfer?.resume()));
    this.#second.addEventListener('click', () => {
      if (this.state !== 'failed') return this.cancel();
      this.#show('waiting');
      again();
    });
    this.#offer();
    this.#show('waiting');
  }

  get isUnfinished() {
    return ['waiting', 'sealing', 'naming', ...MOVING].includes(this.state);
  }

  /**
   * @param {OpenBox} box
   * @param {number} limit
   * @param {AbortSignal} signal
   */
  async send(box, limit, signal) {
    const { name, type } = this.#file;
    try {
      this.#show('sealing');
      if (!this.sent) {
        const mailbox = box.mailbox ?? (await this.#steadily(() => box.act((opened) => opened), signal));
        if (this.state === /** @type {State} */ ('cancelled')) return;
        this.#transfer = mailbox.transfer(this.#file, { name, type, limit });
        this.sent = await this.#transfer.run({ onProgress: (_, state) => ENDED.includes(state) || this.#show(state) });
      }
      const named = [this.sent];
      this.#show('naming');
      await this.#steadily(() => box.say((mailbox) => mailbox.announce(named)), signal);
      this.#show('done');
    } catch (error) {
      if (signal.aborted || this.state === 'cancelled') return;
      const key = `files.${error instanceof WhistleError ? error.code : ''}`;
      this.#show('failed', hasWord(key) ? word(key, { name, size: amount(limit) }) : wordsOf(error));
    }
  }

  /** Gives it up; intake is told to drop what it has. */
  cancel() {
    this.#transfer?.cancel();
    this.#show('cancelled');
  }

  /** Sends nothing more, and says nothing more. */
  stop() {
    this.#transfer?.pause();
  }

  /** @param {string | null} day on which the desk got all of it */
  receipted(day) {
    this.#receipted = day;
    if (day !== null && this.state === 'done') this.#show('done');
  }

  /**
   * What may get through later is tried until it does.
   * @template T
   * @param {() => Promise<T>} act
   * @param {AbortSignal} signal
   * @returns {Promise<T>}
   */
  async #steadily(act, signal) {
    const before = this.state;
    for (let attempt = 0; ; attempt++) {
      try {
        return await act();
      } catch (error) {
        if (!isPassing(error) || signal.aborted || this.state === 'cancelled') throw error;
        this.#show('offline');
        await wait(PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 0, signal);
        if (this.state === 'offline') this.#show(before);
      }
    }
  }

  /**
   * @param {State} state
   * @param {string} why it failed
   */
  #show(state, why = '') {
    const isNews = state !== this.state;
    this.state = state;
    const said = word(`files.${state}`, { why });
    const { sent, total, rate, left } = this.#transfer?.progress ?? { sent: 0, total: 1, rate: 0, left: null };
    this.#bar.max = total;
    this.#bar.value = sent;
    this.#bar.hidden = !this.isUnfinished;
    const more = MOVING.includes(state) && sent > 0
      ? ` ${word('files.progress', { sent: amount((sent / total) * this.#file.size), size: amount(this.#file.size) })}` : '';
    const speed = state === 'sending' && left !== null && left >= 1
      ? ` ${word('files.speed', { rate: amount(rate), left: span(left) })}` : '';
    const day = state === 'done' && this.#receipted;
    this.#words.textContent = day ? word('files.receipted', { day: longDay(day) }) : said + more + speed;
    if (isNews) this.#offer();
    if (isNews && TOLD.includes(state)) at('files-words').textContent = `${this.#file.name}: ${said}`;
  }

  /** The buttons that this state has. Whoever stood on one that goes away stays with the file. */
  #offer() {
    const { state } = this;
    const isPausable = this.#transfer !== null && this.sent === null && MOVING.includes(state);
    this.#label(this.#first, isPausable, state === 'sending' ? 'pause' : state === 'paused' ? 'resume' : 'now');
    this.#label(this.#second, this.sent === null ? this.isUnfinished || state === 'failed' : state === 'failed', state === 'failed' ? 'again' : 'cancel');
  }

  /**
   * @param {HTMLElement} button
   * @param {boolean} offered
   * @param {string} key
   */
  #label(button, offered, key) {
    if (!offered && button === document.activeElement) this.item.focus();
    button.hidden = !offered;
    button.textContent = word(`files.${key}`);
    button.setAttribute('aria-label', `${word(`files.${key}`)}: ${this.#file.name}`);
  }
}

/** @param {string} key */
function button(key) {
  const made = /** @type {HTMLButtonElement} */ (element('button', { kind: 'quiet', text: word(`files.${key}`) }));
  made.type = 'button';
  return made;
}

/**
 * @param {OpenBox | null} box
 * @returns {Set<string>} the files that its reporter has named in it, by their `sealed`
 */
function namedIn(box) {
  const items = box?.mailbox?.thread.items ?? [];
  return new Set(items.flatMap(({ content }) =>
    content?.kind === 'files' && content.direction === 'to-desk' ? content.body.files.map(({ sealed }) => sealed) : []));
}
