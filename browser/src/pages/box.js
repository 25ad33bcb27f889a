// @ts-check
// The box that a page has open. What is asked of it is done in turn, and it is read again by itself until the desk has signed for
// all that was sent. Of a box that was left nothing comes back to the page.

/** @typedef {import('../dialogue.js').Mailbox} Mailbox */

const FIRST_MS = 5_000;
const SLOWEST_MS = 30_000;
const ENOUGH_MS = 600_000;
const SLOWER = 1.25;
const SPARING = 15; // of the time that a slow device takes to read a box, so that the page stays its owner's

export class OpenBox {
  /** Whether it will be read again by itself. */
  looking = true;
  #open;
  #changed;
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #left = false;
  #unsure = false;

  /**
   * @param {() => Promise<Mailbox>} open
   * @param {(box: OpenBox) => void} changed told whenever it was read, and when it is no longer read by itself
   * @param {Mailbox | null} mailbox if it was read already
   */
  constructor(open, changed, mailbox = null) {
    this.#open = open;
    this.#changed = changed;
    this.mailbox = mailbox;
  }

  /**
   * @param {(mailbox: Mailbox) => Promise<Mailbox> | Mailbox} act
   * @returns {Promise<Mailbox>} once it was its turn; never, if the box was left
   */
  act(act) {
    const acting = this.#turn.then(async () => {
      try {
        if (!this.#left) this.mailbox = await act((this.mailbox ??= await this.#open()));
      } finally {
        await this.#orNever();
        this.#changed(this);
      }
      return /** @type {Mailbox} */ (this.mailbox);
    });
    this.#turn = acting.catch(() => {}); // whoever asked is told
    return acting;
  }

  /**
   * Says something, and then looks out for its receipt. What failed can be said again with the same bytes, as long as nothing is read.
   * @param {(mailbox: Mailbox) => Promise<Mailbox>} act
   * @returns {Promise<Mailbox>}
   */
  async say(act) {
    this.#unsure = true;
    const mailbox = await this.act(act);
    this.#unsure = false;
    this.watch();
    return mailbox;
  }

  /** @returns {Promise<Mailbox>} as it is now */
  look() {
    const { mailbox } = this;
    return this.act((known) => (known === mailbox ? known.reread() : known)); // opened only now, or changed in an earlier turn
  }

  /** Looks again by itself for a while, from now on. */
  watch() {
    clearTimeout(this.#timer);
    this.#wait(FIRST_MS, ENOUGH_MS);
  }

  /** Forgets it. */
  leave() {
    this.#left = true;
    this.mailbox = null;
    clearTimeout(this.#timer);
  }

  /**
   * @param {number} pause
   * @param {number} left milliseconds
   */
  #wait(pause, left) {
    if (this.#left) return;
    this.looking = left > 0 && isAwaited(this.mailbox);
    if (!this.looking) return this.#changed(this);
    const timer = (this.#timer = setTimeout(async () => {
      const begun = performance.now();
      if (!this.#unsure) await this.look().catch(() => {}); // it is asked again
      if (timer !== this.#timer) return;
      const took = performance.now() - begun;
      this.#wait(Math.max(Math.min(pause * SLOWER, SLOWEST_MS), took * SPARING), left - pause - took);
    }, pause));
  }

  /** @returns {Promise<void>} */
  #orNever() {
    return this.#left ? new Promise(() => {}) : Promise.resolve();
  }
}

/**
 * @param {Mailbox | null} mailbox
 * @returns {boolean} whether something that was sent is not signed for yet
 */
function isAwaited(mailbox) {
  if (mailbox === null) return true;
  const { thread: { items }, fileReceipts } = mailbox;
  return items.some(({ content, receipt }) => {
    if (content?.direction !== 'to-desk') return false;
    return receipt === null || (content.kind === 'files' && content.body.files.some(({ sealed }) => !fileReceipts.has(sealed)));
  });
}
