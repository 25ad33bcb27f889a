// @ts-check
// The door: the only module that fetches (spec section 8). Sends no cookie and no referrer, follows no redirect, keeps nothing.

import { equal, hex, u32 } from './bytes.js';
import { ANSWER_BYTES } from './constants.js';
import { readDay } from './days.js';
import { IntakeRefused, NetworkFailed, NoSuchFile, UnexpectedAnswer } from './errors.js';
import { PAUSES } from './patience.js';
import { challengeBytes, fetchBody, fileBody, readPages } from './wire.js';

const PATIENCE_MS = 120_000; // a circuit through Tor is slow; after this nothing came back
const REFUSALS = [
  'not_an_envelope', 'not_a_submission', 'challenge_refused', 'not_found', 'wrong_method', 'too_slow', 'place_taken',
  'wrong_type', 'too_large', 'wrong_host', 'box_full', 'storage_failed', 'no_such_file', 'no_room',
];

/** @typedef {{boxId: Uint8Array, accessToken: Uint8Array}} BoxKeys */

export class Intake {
  #fetch;

  /**
   * @param {(path: string, init: RequestInit) => Promise<Response>} fetch paths are relative to intake's own host
   * @param {readonly number[]} pauses milliseconds before whoever uses this tries again
   */
  constructor(fetch = (path, init) => globalThis.fetch(path, init), pauses = PAUSES) {
    this.#fetch = fetch;
    this.pauses = pauses;
  }

  /**
   * @param {AbortSignal} [signal]
   * @returns {Promise<{challenge: string, difficulty: number}>}
   */
  async challenge(signal) {
    const { challenge, difficulty } = readObject(await this.#ask('/api/challenge', { method: 'GET' }, signal));
    if (typeof challenge !== 'string' || typeof difficulty !== 'number') throw new UnexpectedAnswer('its challenge');
    challengeBytes(challenge);
    return { challenge, difficulty };
  }

  /**
   * @param {Uint8Array} body a submission with the first envelope of a box
   * @returns {Promise<{envelope: string, day: string}>}
   */
  submit(body) {
    return this.#send('/api/submit', body);
  }

  /**
   * @param {Uint8Array} body a submission with a later one; the same answer whether or not the box exists
   * @returns {Promise<{envelope: string, day: string}>}
   */
  post(body) {
    return this.#send('/api/post', body);
  }

  /**
   * @param {Uint8Array} body a submission with the record of a first part
   * @param {AbortSignal} [signal]
   * @returns {Promise<string>} SHA-256 of the part that is stored, hexadecimal
   */
  begin(body, signal) {
    return this.#store('/api/begin', body, signal);
  }

  /**
   * @param {BoxKeys} keys
   * @param {Uint8Array} record of a later part
   * @param {AbortSignal} [signal]
   * @returns {Promise<string>} SHA-256 of the part that is stored, hexadecimal
   */
  part(keys, record, signal) {
    return this.#store('/api/part', fileBody(keys, record), signal);
  }

  /**
   * Drops a transfer that is not whole; answered alike whether there was one.
   * @param {BoxKeys} keys
   * @param {Uint8Array} id
   */
  async cancel(keys, id) {
    const { file } = readObject(await this.#ask('/api/cancel', postOf(fileBody(keys, id))));
    if (file !== hex(id)) throw new UnexpectedAnswer('it names another file');
  }

  /**
   * @param {BoxKeys} keys
   * @param {Uint8Array} id
   * @param {number} index
   * @param {AbortSignal} [signal]
   * @returns {Promise<Uint8Array>} the record of a part of a file to the reporter
   * @throws {NoSuchFile}
   */
  async filePart(keys, id, index, signal) {
    const { more, frames } = readPages(await this.#ask('/api/file', postOf(fileBody(keys, id, u32(index))), signal), NoSuchFile);
    const [frame] = frames;
    if (more || frames.length !== 1 || frame?.direction !== 'part' || !equal(frame.box, keys.boxId)) throw new UnexpectedAnswer('no part');
    return frame.envelope;
  }

  /**
   * Everything in a box.
   * @param {BoxKeys} keys
   * @returns {Promise<import('./wire.js').Frame[]>}
   * @throws {import('./errors.js').NoSuchBox}
   */
  async fetchBox(keys) {
    const all = [];
    let after = 0;
    for (;;) {
      const { more, frames } = readPages(await this.#ask('/api/fetch', postOf(fetchBody(keys, after))));
      for (const frame of frames) {
        if (frame.position <= after) throw new UnexpectedAnswer('the order of its frames');
        after = frame.position;
      }
      all.push(...frames);
      if (!more) return all;
      if (frames.length === 0) throw new UnexpectedAnswer('more, and nothing');
    }
  }

  /**
   * @param {string} path
   * @param {Uint8Array} body
   * @returns {Promise<{envelope: string, day: string}>}
   */
  async #send(path, body) {
    const { envelope, day } = readObject(await this.#ask(path, postOf(body)));
    if (typeof envelope !== 'string' || typeof day !== 'string') throw new UnexpectedAnswer('its envelope');
    readDay(day);
    return { envelope, day };
  }

  /**
   * @param {string} path
   * @param {Uint8Array} body
   * @param {AbortSignal} [signal]
   * @returns {Promise<string>}
   */
  async #store(path, body, signal) {
    const { part } = readObject(await this.#ask(path, postOf(body), signal));
    if (typeof part !== 'string') throw new UnexpectedAnswer('its part');
    return part;
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   * @param {AbortSignal} [signal] gives the call up
   * @returns {Promise<Uint8Array>}
   */
  async #ask(path, init, signal) {
    let response, bytes;
    const patience = new AbortController(); // AbortSignal.any would be shorter, and is younger than many a telephone
    const end = () => patience.abort();
    const timer = setTimeout(end, PATIENCE_MS);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
    try {
      response = await this.#fetch(path, {
        ...init,
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: patience.signal,
      });
      bytes = new Uint8Array(await response.arrayBuffer());
    } catch {
      throw new NetworkFailed();
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
    if (!response.ok) throw refusalOf(bytes, response.status);
    if (bytes.length > ANSWER_BYTES) throw new UnexpectedAnswer('its size');
    return bytes;
  }
}

/**
 * @param {Uint8Array} body
 * @returns {RequestInit}
 */
function postOf(body) {
  return { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: /** @type {Uint8Array<ArrayBuffer>} */ (body) };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} status
 * @returns {IntakeRefused | UnexpectedAnswer}
 */
function refusalOf(bytes, status) {
  try {
    const { error } = readObject(bytes);
    if (typeof error === 'string' && REFUSALS.includes(error)) return new IntakeRefused(error, status);
  } catch {
    // Somebody between us and intake answered: the refusal below says so.
  }
  return new UnexpectedAnswer(`its status ${status}`, status);
}

/**
 * @param {Uint8Array} bytes
 * @returns {{[key: string]: unknown}}
 */
function readObject(bytes) {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Not JSON is no better than JSON of another shape.
  }
  throw new UnexpectedAnswer('not the JSON that was asked for');
}
