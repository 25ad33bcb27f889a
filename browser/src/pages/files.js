// @ts-check
// Sending files from a page: chosen, looked at, given a name that says nothing, and after one press sealed and sent one after another,
// each named to the desk as soon as it is there. Keeps nothing beyond the page; what is lost with it is the file that was on its way.

import { PAUSES, isPassing, wait } from '../patience.js';
import { WhistleError } from '../errors.js';
import { amount, span } from './amounts.js';
import { looked, lookAt } from './care.js';
import { longDay } from './dates.js';
import { wordsOf } from './failures.js';
import { at, element } from './page.js';
import { unwatched, wellFormed } from './text.js';
import { hasWord, word } from './words.js';

/**
 * @typedef {import('./box.js').OpenBox} OpenBox
 * @typedef {import('../files.js').Transfer} Transfer
 * @typedef {import('../files.js').State | 'looking' | 'held' | 'naming'} State held until the person has decided
 * @typedef {import('./care.js').Looked} Looked
 * @typedef {import('../content.js').SentFile} SentFile
 * @typedef {import('../instance.js').Instance} Instance
 */

const TOLD = ['held', 'sending', 'paused', 'offline', 'done', 'cancelled', 'failed'];
const ENDED = ['done', 'failed']; // of the transfer: the row says more
const MOVING = ['sending', 'paused', 'offline'];
const UNDECIDED = ['looking', 'held'];
const ENDING = /\.[a-z0-9]{1,5}$/i; // what tells a program how to open a file; a longer one may be a part of its name

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
  let looking = false;
  let count = 0; // of the files that were ever chosen or sent, so that no two get the same name

  const choose = () => {
    const input = at('files-input', HTMLInputElement);
    const chosen = [...(input.files ?? [])];
    input.value = ''; // so that the same one can be chosen again
    const refused = chosen.flatMap((file) => {
      const why = mistakeOf(file, room());
      if (why === null) add(new Row(file, nameFor(file), goOn, addOriginal));
      return why ?? [];
    });
    refuse(refused);
    goOn();
  };

  /** @param {File} file */
  const nameFor = ({ name }) => word('files.plain', { number: ++count }) + (ENDING.exec(name)?.[0] ?? '').toLowerCase();

  const add = (/** @type {Row} */ row, /** @type {Element | null} */ before = at('files-list').lastElementChild) => {
    rows.push(row);
    if (before) before.after(row.item);
    else at('files-list').append(row.item);
  };

  /** @param {readonly string[]} why in words */
  const refuse = (why) => at('files-refused').replaceChildren(...why.map((text) => element('li', { text })));

  /**
   * @param {File} photo
   * @param {Row} row of what was cleaned of it
   * @returns {boolean} whether there was room for it
   */
  const addOriginal = (photo, row) => {
    const file = new File([photo], `original-${photo.name}`, { type: photo.type });
    const why = mistakeOf(file, room());
    if (why === null) add(new Row(file, `original-${row.name}`, goOn, addOriginal, looked(file, null, word('files.original'))), row.item);
    refuse(why === null ? [] : [why]);
    goOn();
    return why === null;
  };

  const goOn = () => {
    look();
    send();
    offerAll();
  };

  /** @returns {Row[]} what waits for nothing but the person's word */
  const ready = () => rows.filter(({ isReady }) => isReady);
  const offerAll = () => {
    const count = ready().length;
    at('files-all-row').hidden = count < 2;
    at('files-all').textContent = word('files.all', { count });
  };

  /** One after another, so that one photo at a time is taken apart. */
  const look = async () => {
    if (looking) return;
    looking = true;
    for (let next; (next = rows.find(({ state }) => state === 'looking')); ) {
      await next.look();
      offerAll();
    }
    looking = false;
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
    count = namedIn(opened).size;
    left = new AbortController();
    at('files-limits').textContent = word('files.limits', { count: limits.files, size: amount(limits.fileBytes) });
  };

  const forget = () => {
    box = null;
    left.abort();
    for (const row of rows) row.stop();
    rows = [];
    offerAll();
    for (const id of ['files-list', 'files-refused', 'files-words']) at(id).replaceChildren();
  };

  const show = (/** @type {OpenBox} */ { mailbox }) => {
    for (const row of rows) row.receipted(mailbox?.fileReceipts.get(row.sent?.sealed ?? '') ?? null);
  };

  const isBusy = () => rows.some(({ isUnfinished }) => isUnfinished);
  at('files-input').addEventListener('change', choose);
  at('files-all').addEventListener('click', () => {
    const all = ready();
    for (const row of all) row.decide();
    (rows.find(({ state }) => UNDECIDED.includes(state)) ?? all[0])?.item.focus(); // what still waits is not overlooked
  });
  addEventListener('beforeunload', (event) => {
    if (isBusy()) event.preventDefault();
  });
  return { use, show, forget, isBusy };
}

/** One chosen file, and its place on the page. */
class Row {
  /** @type {State} */
  state = 'looking';
  /** @type {SentFile | null} once all of it is at intake */
  sent = null;
  /** @type {Transfer | null} */
  #transfer = null;
  /** @type {string | null} the day of its receipt, which may be here before the naming has ended */
  #receipted = null;
  /** @type {Looked | null} */
  #looked;
  /** What was seen and not read out yet. */
  #untold = '';
  #left = false;
  #file;
  #goOn;
  #named = unwatched(/** @type {HTMLInputElement} */ (element('input', {})));
  #naming = element('label', { kind: 'field' }, word('files.name'), this.#named);
  #bar = /** @type {HTMLProgressElement} */ (element('progress', {}));
  #note = element('p', {});
  #words = element('p', { kind: 'from' });
  #first = button('pause');
  #second = button('cancel');
  #original = button('send-original');
  #why = element('p', { kind: 'from', text: word('files.original-why') });

  /**
   * @param {File} file
   * @param {string} name that it gets unless the person chooses another one
   * @param {() => void} goOn with whatever waits
   * @param {(file: File, row: Row) => boolean} addOriginal
   * @param {Looked | null} seen if it need not be looked at
   */
  constructor(file, name, goOn, addOriginal, seen = null) {
    this.#file = file;
    this.#goOn = goOn;
    this.#looked = seen;
    this.#named.defaultValue = name;
    const own = element('p', { kind: 'name' }, element('bdi', { text: file.name }), ` ${amount(file.size)}`);
    this.#bar.setAttribute('aria-label', file.name);
    const buttons = (/** @type {HTMLElement[]} */ ...those) => element('p', { kind: 'buttons' }, ...those);
    this.item = element('li', {}, own, this.#note, this.#naming, this.#bar, this.#words, buttons(this.#first, this.#second));
    this.item.append(this.#why, buttons(this.#original));
    this.item.tabIndex = -1;
    this.#first.addEventListener('click', () => {
      if (this.state === 'held') this.decide();
      else if (this.state === 'sending') this.#transfer?.pause();
      else this.#transfer?.resume();
    });
    this.#second.addEventListener('click', () => {
      if (this.state === 'failed') this.#show(this.#looked ? 'waiting' : 'looking');
      else this.cancel();
      goOn();
    });
    this.#original.addEventListener('click', () => this.#offerOriginal(!addOriginal(file, this)));
    this.#offerOriginal(false);
    this.#say(seen?.note ?? '');
    this.#offer();
    this.#show(seen ? 'waiting' : 'looking');
  }

  /** @returns {string} by which the desk will know it */
  get name() {
    return wellFormed(this.#named.value).trim() || this.#named.defaultValue;
  }

  get isReady() {
    return this.state === 'held' && this.#looked?.ask === 'send';
  }

  get isUnfinished() {
    return [...UNDECIDED, 'waiting', 'sealing', 'naming', ...MOVING].includes(this.state);
  }

  /** Looks at the file; nothing of it has left before. */
  async look() {
    try {
      const seen = await lookAt(this.#file);
      if (this.#isOver()) return;
      this.#looked = seen;
      this.#say(seen.note);
      this.#show(seen.ask ? 'held' : 'waiting');
    } catch (error) {
      if (!this.#isOver()) this.#fail(error);
    }
  }

  /** The person has read the note, and goes on; what could not be looked at is looked at again. */
  decide() {
    const ask = this.#looked?.ask;
    this.#offerOriginal(this.#looked?.removed === true);
    if (ask === 'again') this.#looked = null;
    if (ask !== 'send') this.#say('');
    this.#show(ask === 'again' ? 'looking' : 'waiting');
    this.#goOn();
  }

  /**
   * @param {OpenBox} box
   * @param {number} limit
   * @param {AbortSignal} signal
   */
  async send(box, limit, signal) {
    const { name } = this;
    const { type } = this.#file;
    try {
      this.#show('sealing');
      if (!this.sent) {
        const mailbox = box.mailbox ?? (await this.#steadily(() => box.act((opened) => opened), signal));
        const content = await /** @type {Looked} */ (this.#looked).content();
        if (this.#isOver()) return;
        this.#transfer = mailbox.transfer(content, { name, type, limit });
        this.sent = await this.#transfer.run({ onProgress: (_, state) => ENDED.includes(state) || this.#show(state) });
      }
      const named = [this.sent];
      this.#show('naming');
      await this.#steadily(() => box.say((mailbox) => mailbox.announce(named)), signal);
      this.#show('done');
      this.#transfer = null; // and with it the bytes of a cleaned photo
    } catch (error) {
      if (!signal.aborted && !this.#isOver()) this.#fail(error, limit);
    }
  }

  /** @returns {boolean} whether nobody waits for it any more */
  #isOver() {
    return this.#left || this.state === 'cancelled';
  }

  /**
   * @param {unknown} error
   * @param {number} limit
   */
  #fail(error, limit = 0) {
    const key = `files.${error instanceof WhistleError ? error.code : ''}`;
    this.#show('failed', hasWord(key) ? word(key, { name: this.#file.name, size: amount(limit) }) : wordsOf(error));
  }

  /** Gives it up; intake is told to drop what it has. */
  cancel() {
    this.#transfer?.cancel();
    this.#transfer = null;
    this.#offerOriginal(false);
    this.#say('');
    this.#show('cancelled');
  }

  /** Sends nothing more, and says nothing more. */
  stop() {
    this.#left = true;
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
    if (this.#left) return;
    const isNews = state !== this.state;
    this.state = state;
    this.item.dataset.state = state;
    const said = word(`files.${state}`, { why, name: this.sent?.name ?? '' });
    const { sent, total, rate, left } = this.#transfer?.progress ?? { sent: 0, total: 1, rate: 0, left: null };
    const size = this.#transfer?.size ?? 0;
    this.#bar.max = total;
    this.#bar.value = sent;
    this.#bar.hidden = !this.isUnfinished || UNDECIDED.includes(state);
    const more = MOVING.includes(state) && sent > 0
      ? ` ${word('files.progress', { sent: amount((sent / total) * size), size: amount(size) })}` : '';
    const speed = state === 'sending' && left !== null && left >= 1
      ? ` ${word('files.speed', { rate: amount(rate), left: span(left) })}` : '';
    const day = state === 'done' && this.#receipted;
    this.#words.textContent = day ? `${said} ${word('files.receipted', { day: longDay(day) })}` : said + more + speed;
    if (isNews) this.#offer();
    if (!isNews || !TOLD.includes(state)) return;
    at('files-words').textContent = `${this.#file.name}: ${this.#untold}${said}`;
    this.#untold = '';
  }

  /** @param {string} note shown from now on, and read out with the next news */
  #say(note) {
    this.#note.className = ['as-it-is', 'again'].includes(this.#looked?.ask ?? '') ? 'warning' : 'from';
    this.#note.textContent = note;
    this.#note.hidden = note === '';
    this.#untold = note && `${note} `;
  }

  /** @param {boolean} offered */
  #offerOriginal(offered) {
    this.#label(this.#original, offered, 'send-original');
    this.#why.hidden = !offered;
  }

  /** The buttons that this state has. Whoever stood on one that goes away stays with the file. */
  #offer() {
    const { state } = this;
    const ask = state === 'held' && this.#looked?.ask;
    this.#naming.hidden = !ask || ask === 'again';
    if (ask) {
      this.#label(this.#first, true, ask);
      this.#label(this.#second, true, 'leave-out');
      return;
    }
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
