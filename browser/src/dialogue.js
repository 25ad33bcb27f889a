// @ts-check
// What the pages use: send a report, open a mailbox, answer. The order of steps is spec section 10. Nothing here is stored
// anywhere but in the variables of the page, and nothing is written to the console.

import { base64, hex, sha256, unhex } from './bytes.js';
import { writeJson } from './canonical.js';
import { fingerprintOf, groupOf, refuseEnded } from './card.js';
import { formatCode, generateCode, readCode } from './code.js';
import { INSTANCE_BYTES, LABEL_REPORTER, PROTOCOL } from './constants.js';
import { NOTHING } from './content.js';
import { continuationOf } from './continuing.js';
import { sendWithProof } from './delivery.js';
import { deriveKeys } from './derive.js';
import {
  BadSignature, CapabilityMissing, NotAReceipt, NotConfirmed, OwnContentsMissing, RecipientRevoked, ReplyOvertaken, UnexpectedAnswer,
} from './errors.js';
import { receiveFile, Transfer } from './files.js';
import { sealIdentity } from './identity.js';
import { Intake } from './intake.js';
import { persist } from './patience.js';
import { readReceipt } from './receipt.js';
import { fileKeyOf, sealContent } from './seal.js';
import { readThread } from './thread.js';

/**
 * @typedef {import('./card.js').Card} Card
 * @typedef {import('./content.js').Answer} Answer
 * @typedef {import('./derive.js').Keys} Keys
 * @typedef {import('./thread.js').Thread} Thread
 * @typedef {import('./wire.js').Frame} Frame
 * @typedef {import('./content.js').SentFile} SentFile
 * @typedef {import('./receipt.js').Receipt} Receipt
 * @typedef {import('./content.js').Said} Said what a reporter can say after the report
 * @typedef {import('./identity.js').IdentityGiven} IdentityGiven
 * @typedef {(tried: {attempt: number, pause: number}) => void} OnTry how many tries failed, and the milliseconds before the next
 * @typedef {(n: number) => Uint8Array} Random
 *
 * @typedef {object} Prepared a report, sealed once; sending it again sends the same bytes
 * @property {string} code in its canonical form: show it only after deliverReport has answered
 * @property {Readonly<Keys>} keys
 * @property {Uint8Array} envelope
 * @typedef {Prepared & {continues: import('./content.js').Continues}} Successor a report under a fresh code, and what it goes on from
 */

const READS = 3; // of a box, before the page says that nothing comes

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
 * Makes a code, derives its keys and seals a report to a group of a verified card, and an identity to its rings. Sends nothing.
 * @param {{card: Card, groupId: string, text: string, language: string, answers: Answer[], identity?: IdentityGiven | null}} report
 * @param {Random} random
 * @param {string} today
 * @returns {Promise<Readonly<Prepared>>}
 * @throws {import('./errors.js').CardHasEnded | RecipientRevoked | import('./errors.js').NoRings | import('./errors.js').WhistleError}
 */
export async function prepareReport({ card, groupId, text, language, answers, identity = null }, random = systemRandom, today = systemDay()) {
  const code = generateCode(random);
  const keys = deriveKeys(code, unhex(card.instance, INSTANCE_BYTES));
  const given = answers.filter(({ answer }) => answer !== ''); // a question left open is left out
  const sealed = identity === null ? null : await sealToRings(identity, { card, groupId, today });
  const body = { signing: hex(keys.signingPublic), reply_to: keys.recipient, language, text, answers: given, identity: sealed };
  const chain = { sequence: 1, previous: NOTHING, seen: { sequence: 0, hash: NOTHING } };
  const envelope = await sealToDesk({ kind: 'report', body }, chain, { card, keys, groupId, today });
  return Object.freeze({ code: formatCode(code), keys, envelope });
}

/**
 * Sends a prepared report, with a fresh challenge each time and always the same envelope; again, a few times, if nothing comes back.
 * @param {Prepared} prepared
 * @param {Intake} intake
 * @param {OnTry} [onTry]
 * @returns {Promise<{day: string}>} once intake says that it has stored these bytes
 */
export async function deliverReport({ keys, envelope }, intake = new Intake(), onTry = undefined) {
  return deliver((body) => intake.submit(body), keys, envelope, intake, onTry);
}

/**
 * A report to the same group under a fresh code, and what the key of the mailbox so far says of its box. Sends nothing.
 * @param {Mailbox} mailbox
 * @param {{card: Card, text: string, language: string}} report
 * @param {Random} random
 * @param {string} today
 * @returns {Promise<Readonly<Successor>>}
 */
export async function prepareSuccessor(mailbox, report, random = systemRandom, today = systemDay()) {
  const { groupId } = mailbox;
  if (groupId === null) throw new OwnContentsMissing();
  const prepared = await prepareReport({ ...report, groupId, answers: [] }, random, today);
  return Object.freeze({ ...prepared, continues: mailbox.vouchFor(prepared.keys.boxId) });
}

/**
 * Sends a report under a fresh code, and then says in its box what it goes on from. Called again after a failure, it says nothing twice.
 * @param {Readonly<Successor>} successor
 * @param {{card: Card}} known
 * @param {Intake} intake
 * @param {string} today
 * @param {OnTry} [onTry]
 * @returns {Promise<Mailbox>} of the fresh code
 */
export async function deliverSuccessor(successor, known, intake = new Intake(), today = systemDay(), onTry = undefined) {
  await deliverReport(successor, intake, onTry);
  const mailbox = await openOwnBox(successor.keys, known, intake);
  const isSaid = mailbox.thread.items.some(({ content }) => content?.kind === 'continues');
  return isSaid ? mailbox : mailbox.say(successor.continues, today, onTry);
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

/**
 * The box of a report that was just delivered, without its code.
 * @param {Readonly<Keys>} keys of what was prepared
 * @param {{card: Card}} known
 * @param {Intake} intake
 * @returns {Promise<Mailbox>}
 * @throws {import('./errors.js').NoSuchBox}
 */
export function openOwnBox(keys, { card }, intake = new Intake()) {
  return readMailbox(keys, card, intake);
}

/**
 * @param {Mailbox} mailbox
 * @returns {string} everything in it that holds, as JSON for whoever it belongs to
 */
export function dataOf({ thread: { items } }) {
  const contents = items.flatMap(({ day, content, receipt }) =>
    content ? { day, direction: content.direction, kind: content.kind, body: content.body, receipt: receipt?.day ?? null } : []);
  return JSON.stringify({ contents }, null, 1);
}

/** A box as it was when it was last read. Replying gives another one. */
export class Mailbox {
  #keys;
  #card;
  #intake;
  /** @type {Uint8Array | null} the report, as it was sent */
  #report;
  /** @type {Map<string, Receipt>} by the SHA-256 of what arrived */
  #receipts;
  /** @type {{said: string, envelope: Uint8Array} | null} what was sealed and is not confirmed yet */
  #unconfirmed = null;

  /**
   * @param {{keys: Readonly<Keys>, card: Card, intake: Intake}} way
   * @param {{thread: Readonly<Thread>, report: Uint8Array | null, receipts: Map<string, Receipt>}} read
   */
  constructor({ keys, card, intake }, { thread, report, receipts }) {
    this.#keys = keys;
    this.#card = card;
    this.#intake = intake;
    this.#report = report;
    this.#receipts = receipts;
    this.thread = thread;
  }

  /** @returns {string | null} the id of the group that the report was sealed to, if the report is here */
  get groupId() {
    return this.thread.items.find(({ content }) => content?.kind === 'report')?.content?.group ?? null;
  }

  /** @returns {ReadonlyMap<string, string>} on which day each file arrived whole, by its `sealed`, if the desk said so */
  get fileReceipts() {
    return new Map([...this.#receipts].map(([sealed, { day }]) => [sealed, day]));
  }

  /**
   * @param {string} text
   * @param {string} today
   * @param {OnTry} [onTry]
   * @returns {Promise<Mailbox>}
   */
  reply(text, today = systemDay(), onTry = undefined) {
    return this.say({ kind: 'message', body: { text } }, today, onTry);
  }

  /**
   * Says which files were sent. What came first from another window is followed at once: nobody wrote this by hand.
   * @param {SentFile[]} files
   * @param {string} today
   * @param {OnTry} [onTry]
   * @returns {Promise<Mailbox>}
   */
  async announce(files, today = systemDay(), onTry = undefined) {
    const say = () => this.say({ kind: 'files', body: { files } }, today, onTry);
    return say().catch((error) => {
      if (error instanceof ReplyOvertaken) return say();
      throw error;
    });
  }

  /**
   * Seals what is said, posts it and fetches again. Called again with the same after a failure, it sends the same bytes,
   * unless it was overtaken: then what came first is taken up, and the next call seals anew behind it.
   * @param {Said} said
   * @param {string} today
   * @param {OnTry} [onTry]
   * @returns {Promise<Mailbox>} the box with it
   * @throws {NotConfirmed | ReplyOvertaken | OwnContentsMissing | import('./errors.js').WhistleError}
   */
  async say(said, today = systemDay(), onTry = undefined) {
    const spelled = JSON.stringify(said);
    if (this.#unconfirmed && this.#unconfirmed.said !== spelled) return (await this.reread()).say(said, today, onTry);
    this.#unconfirmed ??= { said: spelled, envelope: await this.#seal(said, today) };
    const { envelope } = this.#unconfirmed;
    await deliver((body) => this.#intake.post(body), this.#keys, envelope, this.#intake, onTry);
    const frames = await fetchFrames(this.#way);
    const digest = hex(sha256(envelope));
    const ours = frames.find((frame) => hex(sha256(frame.envelope)) === digest);
    const read = await readFrames(frames, this.#way);
    if (!ours) throw new NotConfirmed();
    this.#unconfirmed = null;
    if (read.thread.items.some(({ place, content }) => place === ours.position && content)) return new Mailbox(this.#way, read);
    this.thread = read.thread;
    throw new ReplyOvertaken();
  }

  /**
   * An identity for the group of the report, to be said as it comes back: sealed again it would be other bytes.
   * @param {IdentityGiven} given
   * @param {string} today
   * @returns {Promise<import('./content.js').Identity>}
   * @throws {import('./errors.js').NoRings | OwnContentsMissing | import('./errors.js').WhistleError}
   */
  async sealIdentity(given, today = systemDay()) {
    const identity = await sealToRings(given, { card: this.#card, groupId: this.#group(), today });
    return { kind: 'identity', body: { identity } };
  }

  /**
   * @param {Uint8Array} box id of another, which goes on from this one
   * @returns {import('./content.js').Continues} what is to be said there
   */
  vouchFor(box) {
    return continuationOf(this.#keys, box);
  }

  /** @returns {Promise<Mailbox>} the box as it is now */
  reread() {
    return readMailbox(this.#keys, this.#card, this.#intake);
  }

  /**
   * A file that is to be sent to the desk; nothing is read or sent before its run().
   * @param {Blob} file
   * @param {{name: string, type: string, limit?: number}} named the limit is instance.fileBytes
   * @param {string} today
   * @returns {Transfer}
   */
  transfer(file, named, today = systemDay()) {
    const { text: recipient } = recipientOf(this.#card, this.#group(), today);
    return new Transfer({ file, ...named }, { keys: this.#keys, intake: this.#intake, recipient, random: systemRandom });
  }

  /**
   * @param {SentFile} file that a content from the desk names
   * @param {{onProgress?: (progress: import('./files.js').Progress) => void, signal?: AbortSignal}} [how]
   * @returns {Promise<Blob>} to be saved and never shown, once all of it has verified
   */
  download(file, how) {
    return receiveFile(file, this.#way, how);
  }

  /**
   * What shows a third party that this report arrived on its day (spec section 6.4). Whoever keeps it holds the report.
   * @returns {Promise<Uint8Array | null>} null as long as its receipt is not here
   */
  async proof() {
    const receipt = this.#report && this.#receipts.get(hex(sha256(this.#report)));
    if (!this.#report || !receipt) return null;
    return writeJson({
      protocol: `${PROTOCOL} proof`,
      fingerprint: fingerprintOf(this.#card),
      card: this.#card.text,
      envelope: base64(this.#report),
      file_key: hex(await fileKeyOf(this.#report, this.#keys.identity)),
      receipt: receipt.text,
    });
  }

  get #way() {
    return { keys: this.#keys, card: this.#card, intake: this.#intake };
  }

  /** @returns {string} */
  #group() {
    if (this.groupId === null) throw new OwnContentsMissing();
    return this.groupId;
  }

  /**
   * @param {Said} said
   * @param {string} today
   * @returns {Promise<Uint8Array>}
   */
  async #seal(said, today) {
    const { last, withheld } = this.thread;
    const groupId = this.#group();
    // A number that the desk has seen already must not be used again: it would call the answer conflicting.
    if (withheld['to-desk'] > 0) throw new OwnContentsMissing();
    const chain = { sequence: last['to-desk'].sequence + 1, previous: last['to-desk'].hash, seen: last['to-reporter'] };
    return sealToDesk(said, chain, { card: this.#card, keys: this.#keys, groupId, today });
  }
}

/** @typedef {{keys: Readonly<Keys>, card: Card, intake: Intake}} Way */

/**
 * @param {Readonly<Keys>} keys
 * @param {Card} card
 * @param {Intake} intake
 * @returns {Promise<Mailbox>}
 */
async function readMailbox(keys, card, intake) {
  const way = { keys, card, intake };
  return new Mailbox(way, await readFrames(await fetchFrames(way), way));
}

/**
 * @param {Way} way
 * @returns {Promise<Frame[]>} what stands in the box
 */
function fetchFrames({ keys, intake }) {
  return persist(() => intake.fetchBox(keys), intake.pauses.slice(0, READS));
}

/**
 * The thread, and which of it the desk says to have got. A receipt that does not verify is none.
 * @param {Frame[]} frames
 * @param {Way} way
 */
async function readFrames(frames, { keys, card }) {
  const entries = frames.filter(({ direction }) => direction === 'to-desk' || direction === 'to-reporter');
  const thread = await readThread(entries, { keys, card });
  const files = thread.items.flatMap(({ content }) => (content?.kind === 'files' ? content.body.files.map(({ sealed }) => sealed) : []));
  const digests = new Map(entries.map(({ position, envelope }) => [position, hex(sha256(envelope))]));
  const there = new Set([...digests.values(), ...files]);
  /** @type {Map<string, Receipt>} */
  const receipts = new Map();
  for (const { direction, envelope } of frames) {
    if (direction !== 'receipt') continue;
    try {
      const receipt = readReceipt(envelope, { box: hex(keys.boxId), there, card });
      if (!receipts.has(receipt.sealed)) receipts.set(receipt.sealed, receipt);
    } catch (error) {
      if (!(error instanceof NotAReceipt || error instanceof BadSignature)) throw error;
    }
  }
  const receiptOf = (/** @type {number} */ place) => {
    const receipt = receipts.get(digests.get(place) ?? '');
    return receipt ? Object.freeze({ day: receipt.day }) : null;
  };
  const items = thread.items.map((item) => Object.freeze({ ...item, receipt: receiptOf(item.place) }));
  const reported = items.find(({ content }) => content?.kind === 'report');
  const report = entries.find(({ position }) => position === reported?.place)?.envelope ?? null;
  return { thread: Object.freeze({ ...thread, items }), report, receipts };
}

/**
 * @param {import('./content.js').Report | Said} said
 * @param {{sequence: number, previous: string, seen: import('./content.js').Seen}} chain
 * @param {{card: Card, keys: Keys, groupId: string, today: string}} place
 * @returns {Promise<Uint8Array>} the envelope, sealed to the group and to the reporter, in this order
 */
async function sealToDesk(said, chain, { card, keys, groupId, today }) {
  const { epoch, digest, text } = recipientOf(card, groupId, today);
  const { instance } = card;
  /** @type {import('./content.js').Context} */
  const context = { instance, box: hex(keys.boxId), direction: 'to-desk', group: groupId, epoch, recipient: digest, ...chain };
  return sealContent({ ...context, ...said }, LABEL_REPORTER, keys.signingSeed, [text, keys.recipient]);
}

/**
 * @param {Card} card
 * @param {string} groupId
 * @param {string} today
 * @returns {import('./card.js').GroupKey} what may be sealed to on this day
 */
function recipientOf(card, groupId, today) {
  refuseEnded(card, today);
  const { recipient } = groupOf(card, groupId);
  if (card.revoked.includes(recipient.digest)) throw new RecipientRevoked();
  return recipient;
}

/**
 * @param {IdentityGiven} given
 * @param {{card: Card, groupId: string, today: string}} place
 * @returns {Promise<string>}
 */
async function sealToRings(given, { card, groupId, today }) {
  refuseEnded(card, today);
  const group = groupOf(card, groupId);
  if (group.rings && [group.rings.a, group.rings.b].some(({ digest }) => card.revoked.includes(digest))) throw new RecipientRevoked();
  return sealIdentity(given, group);
}

/**
 * @param {(body: Uint8Array) => Promise<{envelope: string, day: string}>} send
 * @param {Readonly<Keys>} keys
 * @param {Uint8Array} envelope
 * @param {Intake} intake
 * @param {OnTry} [onTry]
 * @returns {Promise<{day: string}>}
 */
async function deliver(send, keys, envelope, intake, onTry) {
  const answer = await persist(() => sendWithProof(send, keys, envelope, intake), intake.pauses, onTry);
  if (answer.envelope !== hex(sha256(envelope))) throw new UnexpectedAnswer('it names another envelope');
  return { day: answer.day };
}
