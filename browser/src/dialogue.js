// @ts-check
// What the pages use: send a report, open a mailbox, answer. The order of steps is spec section 10. Nothing here is stored
// anywhere but in the variables of the page, and nothing is written to the console.

import { hex, sha256, unhex } from './bytes.js';
import { groupOf, refuseEnded } from './card.js';
import { formatCode, generateCode, readCode } from './code.js';
import { INSTANCE_BYTES, LABEL_REPORTER } from './constants.js';
import { NOTHING } from './content.js';
import { deriveKeys } from './derive.js';
import { CapabilityMissing, NotConfirmed, OwnContentsMissing, RecipientRevoked, ReplyOvertaken, UnexpectedAnswer } from './errors.js';
import { Intake } from './intake.js';
import { findProof } from './proof.js';
import { sealContent } from './seal.js';
import { readThread } from './thread.js';
import { submission } from './wire.js';

/**
 * @typedef {import('./card.js').Card} Card
 * @typedef {import('./content.js').Answer} Answer
 * @typedef {import('./derive.js').Keys} Keys
 * @typedef {import('./thread.js').Thread} Thread
 * @typedef {(n: number) => Uint8Array} Random
 *
 * @typedef {object} Prepared a report, sealed once; sending it again sends the same bytes
 * @property {string} code in its canonical form: show it only after deliverReport has answered
 * @property {Readonly<Keys>} keys
 * @property {Uint8Array} envelope
 */

/**
 * Says by name what this browser lacks, before anybody writes a word.
 * @param {any} browser
 * @throws {CapabilityMissing}
 */
export function requireCapabilities(browser = globalThis) {
  if (!browser.isSecureContext) throw new CapabilityMissing('secure-context');
  if (typeof browser.crypto?.getRandomValues !== 'function') throw new CapabilityMissing('randomness');
  if (typeof browser.crypto.subtle?.digest !== 'function') throw new CapabilityMissing('webcrypto');
  if (typeof browser.TransformStream !== 'function') throw new CapabilityMissing('streams');
}

/**
 * @param {number} n
 * @returns {Uint8Array} from the browser's CSPRNG
 */
export function systemRandom(n) {
  return crypto.getRandomValues(new Uint8Array(n));
}

/** @returns {string} YYYY-MM-DD, by the clock of the device */
export function systemDay() {
  return new Date().toISOString().slice(0, 10);
}

/**
 * Makes a code, derives its keys and seals a report to a group of a verified card. Sends nothing.
 * @param {{card: Card, groupId: string, text: string, language: string, answers: Answer[]}} report
 * @param {Random} random
 * @param {string} today
 * @returns {Promise<Readonly<Prepared>>}
 * @throws {import('./errors.js').CardHasEnded | RecipientRevoked | import('./errors.js').WhistleError}
 */
export async function prepareReport({ card, groupId, text, language, answers }, random = systemRandom, today = systemDay()) {
  const code = generateCode(random);
  const keys = deriveKeys(code, unhex(card.instance, INSTANCE_BYTES));
  const given = answers.filter(({ answer }) => answer !== ''); // a question left open is left out
  const body = { signing: hex(keys.signingPublic), reply_to: keys.recipient, language, text, answers: given, identity: null };
  const chain = { sequence: 1, previous: NOTHING, seen: { sequence: 0, hash: NOTHING } };
  const envelope = await sealToDesk({ kind: 'report', body }, chain, { card, keys, groupId, today });
  return Object.freeze({ code: formatCode(code), keys, envelope });
}

/**
 * Sends a prepared report, with a fresh challenge each time and always the same envelope.
 * @param {Prepared} prepared
 * @param {Intake} intake
 * @returns {Promise<{day: string}>} once intake says that it has stored these bytes
 */
export async function deliverReport({ keys, envelope }, intake = new Intake()) {
  return deliver((body) => intake.submit(body), keys, envelope, intake);
}

/**
 * @param {string} codeText as typed
 * @param {{card: Card}} known
 * @param {Intake} intake
 * @returns {Promise<Mailbox>}
 * @throws {import('./errors.js').NoSuchBox}
 */
export async function openMailbox(codeText, { card }, intake = new Intake()) {
  return readMailbox(deriveKeys(readCode(codeText), unhex(card.instance, INSTANCE_BYTES)), card, intake);
}

/** A box as it was when it was last read. Replying gives another one. */
export class Mailbox {
  #keys;
  #card;
  #intake;
  /** @type {{text: string, envelope: Uint8Array} | null} what was sealed and is not confirmed yet */
  #unconfirmed = null;

  /**
   * @param {Readonly<Keys>} keys
   * @param {Card} card
   * @param {Intake} intake
   * @param {Readonly<Thread>} thread
   */
  constructor(keys, card, intake, thread) {
    this.#keys = keys;
    this.#card = card;
    this.#intake = intake;
    this.thread = thread;
  }

  /** @returns {string | null} the id of the group that the report was sealed to, if the report is here */
  get groupId() {
    return this.thread.items.find(({ content }) => content?.kind === 'report')?.content?.group ?? null;
  }

  /**
   * Seals an answer, posts it and fetches again. Called again with the same text after a failure, it sends the same bytes,
   * unless the answer was overtaken: then what came first is taken up, and the next call seals anew behind it.
   * @param {string} text
   * @param {string} today
   * @returns {Promise<Mailbox>} the box with the answer in it
   * @throws {NotConfirmed | ReplyOvertaken | OwnContentsMissing | import('./errors.js').WhistleError}
   */
  async reply(text, today = systemDay()) {
    if (this.#unconfirmed && this.#unconfirmed.text !== text) return (await this.reread()).reply(text, today);
    this.#unconfirmed ??= { text, envelope: await this.#seal(text, today) };
    const { envelope } = this.#unconfirmed;
    await deliver((body) => this.#intake.post(body), this.#keys, envelope, this.#intake);
    const entries = await fetchEntries(this.#keys, this.#intake);
    const digest = hex(sha256(envelope));
    const ours = entries.find((entry) => hex(sha256(entry.envelope)) === digest);
    const mailbox = new Mailbox(this.#keys, this.#card, this.#intake, await this.#read(entries));
    if (!ours) throw new NotConfirmed();
    this.#unconfirmed = null;
    if (mailbox.thread.items.some(({ place, content }) => place === ours.position && content)) return mailbox;
    this.thread = mailbox.thread;
    throw new ReplyOvertaken();
  }

  /** @returns {Promise<Mailbox>} the box as it is now */
  reread() {
    return readMailbox(this.#keys, this.#card, this.#intake);
  }

  /** @param {import('./wire.js').Frame[]} entries */
  #read(entries) {
    return readThread(entries, { keys: this.#keys, card: this.#card });
  }

  /**
   * @param {string} text
   * @param {string} today
   * @returns {Promise<Uint8Array>}
   */
  async #seal(text, today) {
    const { last, withheld } = this.thread;
    // A number that the desk has seen already must not be used again: it would call the answer conflicting.
    if (this.groupId === null || withheld['to-desk'] > 0) throw new OwnContentsMissing();
    const chain = { sequence: last['to-desk'].sequence + 1, previous: last['to-desk'].hash, seen: last['to-reporter'] };
    const place = { card: this.#card, keys: this.#keys, groupId: this.groupId, today };
    return sealToDesk({ kind: 'message', body: { text } }, chain, place);
  }
}

/**
 * @param {Readonly<Keys>} keys
 * @param {Card} card
 * @param {Intake} intake
 * @returns {Promise<Mailbox>}
 */
async function readMailbox(keys, card, intake) {
  return new Mailbox(keys, card, intake, await readThread(await fetchEntries(keys, intake), { keys, card }));
}

/**
 * @param {Readonly<Keys>} keys
 * @param {Intake} intake
 * @returns {Promise<import('./wire.js').Frame[]>} what stands in the box but the receipts, which this version does not read
 */
async function fetchEntries(keys, intake) {
  return (await intake.fetchBox(keys)).filter(({ direction }) => direction !== null);
}

/**
 * @param {{kind: 'report', body: import('./content.js').ReportBody} | {kind: 'message', body: {text: string}}} said
 * @param {{sequence: number, previous: string, seen: import('./content.js').Seen}} chain
 * @param {{card: Card, keys: Keys, groupId: string, today: string}} place
 * @returns {Promise<Uint8Array>} the envelope, sealed to the group and to the reporter, in this order
 */
async function sealToDesk(said, chain, { card, keys, groupId, today }) {
  refuseEnded(card, today);
  const { id: group, recipient } = groupOf(card, groupId);
  if (card.revoked.includes(recipient.digest)) throw new RecipientRevoked();
  const { instance } = card;
  const { epoch, digest } = recipient;
  /** @type {import('./content.js').Context} */
  const context = { instance, box: hex(keys.boxId), direction: 'to-desk', group, epoch, recipient: digest, ...chain };
  return sealContent({ ...context, ...said }, LABEL_REPORTER, keys.signingSeed, [recipient.text, keys.recipient]);
}

/**
 * @param {(body: Uint8Array) => Promise<{envelope: string, day: string}>} send
 * @param {Readonly<Keys>} keys
 * @param {Uint8Array} envelope
 * @param {Intake} intake
 * @returns {Promise<{day: string}>}
 */
async function deliver(send, keys, envelope, intake) {
  const { challenge, difficulty } = await intake.challenge();
  const proof = await findProof(challenge, difficulty);
  const answer = await send(submission(keys, proof, challenge, envelope));
  if (answer.envelope !== hex(sha256(envelope))) throw new UnexpectedAnswer('it names another envelope');
  return { day: answer.day };
}
