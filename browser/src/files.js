// @ts-check
// Files: sending one in sealed parts, and fetching one from the desk (spec section 6.4). Seals each file once, to the group alone;
// holds a few parts at a time and never a whole file; gives nothing of a fetched file before all of it has verified.

import { hex, sha256, unhex, unutf8, utf8 } from './bytes.js';
import { escapedLength } from './canonical.js';
import { CHUNK_BYTES, FILE_ID_BYTES, FILE_LIMIT, NAME_LIMIT, TYPE_LIMIT } from './constants.js';
import { sendWithProof } from './delivery.js';
import { checkHeader } from './envelope.js';
import {
  FileDamaged, FileEmpty, FileTooLarge, FileUnreadable, IntakeRefused, NoSuchFile, NotAnEnvelope, TransferCancelled, UnexpectedAnswer,
  WhistleError,
} from './errors.js';
import { countOf, paddedFile, partLength, partRecord, readPart, sealedLength } from './parts.js';
import { breathing, isPassing, persist, turn, wait } from './patience.js';
import { openStream, sealStream } from './seal.js';

/**
 * @typedef {import('./content.js').SentFile} SentFile
 * @typedef {{sent: number, total: number, rate: number, left: number | null}} Progress sealed bytes, bytes a second, seconds left if known
 * @typedef {'waiting' | 'sealing' | 'sending' | 'paused' | 'offline' | 'done' | 'cancelled' | 'failed'} State
 * @typedef {{bytes: Uint8Array, index: number}} Part
 *
 * @typedef {object} Way where a file goes
 * @property {import('./derive.js').Keys} keys
 * @property {import('./intake.js').Intake} intake
 * @property {string} recipient age1pq…, of the group
 * @property {(n: number) => Uint8Array} random
 */

const WINDOW = 3; // parts that exist at one time: being filled, on their way, or waiting for their turn
const HASHED_AT_ONCE = 8192; // a slice that takes milliseconds even where nothing is compiled
const RECENT = 12; // parts by which the rate is judged

/** One file on its way to the desk. Lives as long as the page; what it has sealed is sent as it is until it is acknowledged. */
export class Transfer {
  /** @type {State} */
  state = 'waiting';
  #file;
  #way;
  #id;
  #meter;
  #begun = false;
  #held = false;
  #cut = new AbortController(); // ends the calls and waits under way, and is then replaced
  /** @type {Promise<unknown>} what is being sent again */
  #again = Promise.resolve();
  /** @type {() => void} */
  #release = () => {};
  /** @type {Promise<void> | undefined} while it is held */
  #hold;
  /** @type {(progress: Progress, state: State) => void} */
  #tell = () => {};

  /**
   * @param {{file: Blob, name: string, type: string, limit?: number}} chosen
   * @param {Way} way
   */
  constructor({ file, name, type, limit = FILE_LIMIT }, way) {
    this.#file = file;
    this.#way = way;
    this.#id = way.random(FILE_ID_BYTES);
    this.name = fitting(name, NAME_LIMIT) || 'file';
    this.type = escapedLength(type) > TYPE_LIMIT ? '' : type;
    this.size = file.size;
    this.limit = limit;
    this.#meter = new Meter(sealedLength(file.size));
  }

  /** @returns {Progress} */
  get progress() {
    return this.#meter.progress();
  }

  /**
   * @param {{onProgress?: (progress: Progress, state: State) => void}} [how] told at every part and every change of state
   * @returns {Promise<SentFile>} once intake has stored all parts: to be announced
   * @throws {FileEmpty | FileTooLarge | FileUnreadable | TransferCancelled | import('./errors.js').WhistleError}
   */
  async run({ onProgress = () => {} } = {}) {
    this.#tell = onProgress;
    try {
      if (this.#isOver()) throw new TransferCancelled();
      if (this.size === 0) throw new FileEmpty();
      if (this.size > this.limit) throw new FileTooLarge(this.limit);
      this.#become('sealing');
      const sealed = await this.#sendAll();
      this.#become('done');
      return Object.freeze({ id: hex(this.#id), name: this.name, type: this.type, size: this.size, sealed });
    } catch (error) {
      if (this.state === 'cancelled') throw new TransferCancelled();
      this.#become('failed');
      this.#interrupt();
      throw error;
    }
  }

  /** Stops sending at once. What was not acknowledged is sent again later, as it is. */
  pause() {
    if (this.#held || ['done', 'cancelled', 'failed'].includes(this.state)) return;
    this.#held = true;
    this.#hold = new Promise((resolve) => (this.#release = resolve));
    this.#become('paused');
    this.#interrupt();
  }

  /** Goes on after a pause, or tries again at once when offline. */
  resume() {
    if (!this.#held && this.state !== 'offline') return;
    if (this.#held) this.#become(this.#begun ? 'sending' : 'sealing');
    this.#held = false;
    this.#release();
    this.#interrupt();
  }

  /**
   * Ends the transfer for good.
   * @returns {Promise<void>} once intake has dropped what it has of it, or cannot be told; then it drops it some days later
   */
  async cancel() {
    if (['done', 'cancelled'].includes(this.state)) return;
    this.#become('cancelled');
    this.#release();
    this.#interrupt();
    const { intake, keys } = this.#way;
    if (this.#begun) await persist(() => intake.cancel(keys, this.#id), intake.pauses).catch(() => {});
  }

  /** @returns {Promise<string>} SHA-256 of the sealed file, once all of it is acknowledged */
  async #sendAll() {
    const reader = (await sealStream(padded(this.#file, this.size), this.#way.recipient)).getReader();
    const hash = sha256.create();
    /** @type {Set<Promise<void>>} */
    const underWay = new Set();
    try {
      for await (const part of partsOf(reader, this.#meter.total, hash)) {
        const sending = this.#send(part).finally(() => underWay.delete(sending));
        sending.catch(() => {}); // whoever waits below is told; until then nobody is surprised
        underWay.add(sending);
        if (part.index === 0) await sending; // the others belong to a transfer that is open
        while (underWay.size >= WINDOW) await Promise.race(underWay);
      }
      await Promise.all(underWay);
    } finally {
      reader.cancel().catch(() => {});
    }
    return hex(hash.digest());
  }

  /**
   * Sends one part until it is acknowledged.
   * @param {Part} part
   */
  async #send({ bytes, index }) {
    const { keys, intake } = this.#way;
    const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', /** @type {Uint8Array<ArrayBuffer>} */ (bytes))));
    const record = partRecord(this.#id, this.#meter.total, index, bytes);
    for (let attempt = 0; ; attempt++) {
      await this.#hold;
      if (this.#isOver()) throw new TransferCancelled();
      const { signal } = this.#cut;
      const offer = () => index === 0
        ? sendWithProof((body) => intake.begin(body, signal), keys, record, intake, signal)
        : intake.part(keys, record, signal);
      try {
        if (index === 0) this.#begun = true;
        const stored = await (attempt === 0 ? offer() : this.#inTurn(offer));
        if (stored !== digest) throw new UnexpectedAnswer('it names another part');
        this.#meter.add(bytes.length);
        if (!this.#held && !this.#isOver()) this.#become('sending');
        return;
      } catch (error) {
        if (this.#isOver()) throw new TransferCancelled();
        if (signal.aborted) continue;
        if (error instanceof IntakeRefused && error.code === 'no-such-file') throw new NoSuchFile();
        if (!isPassing(error)) throw error;
        this.#become('offline');
        await wait(intake.pauses[Math.min(attempt, intake.pauses.length - 1)] ?? 0, signal);
      }
    }
  }

  /**
   * What is sent again goes alone: on a network too slow for three parts at one time, each would run out of time each time.
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  #inTurn(act) {
    const acting = this.#again.then(act);
    this.#again = acting.catch(() => {}); // whoever asked is told
    return acting;
  }

  #interrupt() {
    this.#cut.abort();
    this.#cut = new AbortController();
  }

  /** @param {State} state */
  #become(state) {
    if (state !== this.state && state !== 'done') this.#meter.restart(); // what was waited for tells nothing of the rate
    this.state = state;
    this.#tell(this.progress, state);
  }

  #isOver() {
    return this.state === 'cancelled' || this.state === 'failed';
  }
}

/**
 * A file from the desk.
 * @param {SentFile} file
 * @param {{keys: import('./derive.js').Keys, intake: import('./intake.js').Intake}} way
 * @param {{onProgress?: (progress: Progress) => void, signal?: AbortSignal}} [how]
 * @returns {Promise<Blob>} of a type that no browser shows, once all of it has verified
 * @throws {FileDamaged | NoSuchFile | TransferCancelled | WhistleError}
 */
export async function receiveFile({ id, size, sealed }, { keys, intake }, { onProgress = () => {}, signal } = {}) {
  const meter = new Meter(sealedLength(size));
  const hash = sha256.create();
  const fetchPart = async (/** @type {number} */ index) => {
    const file = unhex(id, FILE_ID_BYTES);
    const record = await persist(() => intake.filePart(keys, file, index, signal), intake.pauses, undefined, signal);
    const bytes = readPart(record, file, meter.total, index);
    if (index === 0 && checkHeader(bytes).stanzas !== 1) throw new FileDamaged();
    meter.add(bytes.length);
    onProgress(meter.progress());
    return bytes;
  };
  try {
    const plain = await openStream(inSlices(fetchPart, meter.total, hash), keys.identity);
    const pieces = await piecesOf(plain.getReader(), size);
    if (hex(hash.digest()) !== sealed) throw new FileDamaged();
    return new Blob(pieces, { type: 'application/octet-stream' });
  } catch (error) {
    if (signal?.aborted) throw new TransferCancelled();
    throw error instanceof WhistleError && !(error instanceof NotAnEnvelope) ? error : new FileDamaged();
  }
}

/** How far a transfer is, and how fast it has lately been. */
class Meter {
  #sent = 0;
  #rate = 0;
  /** @type {{when: number, sent: number}[]} */
  #recent = [];

  /** @param {number} total */
  constructor(total) {
    this.total = total;
    this.restart();
  }

  restart() {
    this.#recent = [{ when: performance.now(), sent: this.#sent }];
  }

  /** @param {number} bytes */
  add(bytes) {
    this.#sent += bytes;
    const now = { when: performance.now(), sent: this.#sent };
    const first = this.#recent[0] ?? now;
    this.#recent = [...this.#recent, now].slice(-RECENT);
    if (now.when > first.when) this.#rate = (1000 * (now.sent - first.sent)) / (now.when - first.when);
  }

  /** @returns {Progress} */
  progress() {
    const left = this.#rate > 0 ? (this.total - this.#sent) / this.#rate : null;
    return { sent: this.#sent, total: this.total, rate: this.#rate, left };
  }
}

/**
 * @param {Blob} file
 * @param {number} size
 * @returns {ReadableStream<Uint8Array>} the file slice by slice, then zeros up to its padded size
 */
function padded(file, size) {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await turn(); // before the end, too: what ends the last chunk is as much work as any other
      if (at === paddedFile(size)) return controller.close();
      const end = Math.min(at + CHUNK_BYTES, at < size ? size : paddedFile(size));
      controller.enqueue(at < size ? await readSlice(file, at, end) : new Uint8Array(end - at));
      at = end;
    },
  }, { highWaterMark: 0 });
}

/**
 * @param {Blob} file
 * @param {number} from
 * @param {number} to
 * @returns {Promise<Uint8Array>}
 */
async function readSlice(file, from, to) {
  try {
    const bytes = new Uint8Array(await file.slice(from, to).arrayBuffer());
    if (bytes.length === to - from) return bytes;
  } catch {
    // Moved, changed, or on a disk that is gone: the same to whoever chose it.
  }
  throw new FileUnreadable();
}

/**
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader of a sealed file
 * @param {number} total
 * @param {ReturnType<typeof sha256.create>} hash of all that was read
 * @returns {AsyncGenerator<Part>}
 */
async function* partsOf(reader, total, hash) {
  const breathe = breathing();
  /** @type {Uint8Array} */
  let rest = new Uint8Array();
  for (let index = 0; index < countOf(total); index++) {
    const bytes = new Uint8Array(partLength(total, index));
    for (let filled = 0; filled < bytes.length; ) {
      if (rest.length === 0) ({ value: rest = new Uint8Array() } = await reader.read());
      if (rest.length === 0) throw new FileUnreadable(); // shorter than it said
      const piece = rest.subarray(0, bytes.length - filled);
      await hashIn(hash, piece, breathe);
      bytes.set(piece, filled);
      filled += piece.length;
      rest = rest.subarray(piece.length);
    }
    yield { bytes, index };
  }
}

/**
 * @param {(index: number) => Promise<Uint8Array>} fetchPart
 * @param {number} total
 * @param {ReturnType<typeof sha256.create>} hash of all that was given
 * @returns {ReadableStream<Uint8Array>} a sealed file, of which one part is held at a time
 */
function inSlices(fetchPart, total, hash) {
  const breathe = breathing();
  let index = 0;
  /** @type {Uint8Array} */
  let rest = new Uint8Array();
  return new ReadableStream({
    async pull(controller) {
      await turn();
      if (rest.length === 0 && index === countOf(total)) return controller.close();
      if (rest.length === 0) rest = await fetchPart(index++);
      const slice = rest.subarray(0, CHUNK_BYTES);
      await hashIn(hash, slice, breathe);
      controller.enqueue(slice);
      rest = rest.subarray(slice.length);
    },
  }, { highWaterMark: 0 });
}

/**
 * @param {ReturnType<typeof sha256.create>} hash
 * @param {Uint8Array} bytes
 * @param {() => Promise<void> | undefined} breathe
 */
async function hashIn(hash, bytes, breathe) {
  for (let at = 0; at < bytes.length; at += HASHED_AT_ONCE) {
    await breathe();
    hash.update(bytes.subarray(at, at + HASHED_AT_ONCE));
  }
}

/**
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader of an opened file
 * @param {number} size
 * @returns {Promise<Blob[]>} its first `size` bytes, which the browser may put on its disk
 * @throws {FileDamaged} unless exactly the zeros of its padding follow
 */
async function piecesOf(reader, size) {
  const pieces = [];
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const own = Math.max(0, Math.min(value.length, size - at));
    if (own > 0) pieces.push(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (value.subarray(0, own))]));
    if (value.subarray(own).some((byte) => byte !== 0)) throw new FileDamaged();
    at += value.length;
  }
  return pieces; // how many bytes there are, the length of the sealed file and its one recipient have settled
}

/**
 * @param {string} text
 * @param {number} limit
 * @returns {string} as much of it as a content takes, with the ending that tells what it is
 */
function fitting(text, limit) {
  const whole = unutf8(utf8(text)); // half of a torn character is replaced
  const [ending = ''] = /\.[^.]{1,16}$/u.exec(whole) ?? [];
  const stem = [...whole.slice(0, whole.length - ending.length)];
  while (escapedLength(stem.join('') + ending) > limit) stem.pop();
  return stem.join('') + ending;
}
