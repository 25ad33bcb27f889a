// @ts-check
// Sealing and opening: the only module that hands anything to age (typage). Seals to hybrid recipients alone, opens
// envelopes alone, and releases nothing before the last chunk has verified.

import { Decrypter, Encrypter } from 'age-encryption';
import { DoesNotOpen } from './errors.js';
import { checkEnvelope, checkHeader } from './envelope.js';
import { signAndPad } from './plaintext.js';
import { readRecipient } from './recipient.js';

/**
 * @param {import('./content.js').Content} content
 * @param {string} purpose LABEL_REPORTER or LABEL_VOICE
 * @param {Uint8Array} seed of the writer's signing key
 * @param {string[]} recipients age1pq1…
 * @returns {Promise<Uint8Array>} the envelope
 */
export function sealContent(content, purpose, seed, recipients) {
  return sealBytes(signAndPad(content, purpose, seed).plaintext, recipients);
}

/**
 * @param {Uint8Array} envelope
 * @param {string} identity AGE-SECRET-KEY-PQ-1…
 * @returns {Promise<Uint8Array>} the padded plaintext
 * @throws {DoesNotOpen | import('./errors.js').NotAnEnvelope}
 */
export async function openEnvelope(envelope, identity) {
  checkHeader(envelope);
  return opened(decrypter(identity).decrypt(envelope)); // of bytes, not of a stream: it answers once everything has verified
}

/**
 * @param {Uint8Array} envelope
 * @param {string} identity AGE-SECRET-KEY-PQ-1…
 * @returns {Promise<Uint8Array>} the key of this one age file, which opens no other
 * @throws {DoesNotOpen | import('./errors.js').NotAnEnvelope}
 */
export async function fileKeyOf(envelope, identity) {
  return opened(decrypter(identity).decryptHeader(envelope.subarray(0, checkHeader(envelope).length)));
}

/**
 * @param {Uint8Array} plaintext of a layer within a content, which is no envelope
 * @param {string} recipient age1pq1…, its only one
 * @returns {Promise<Uint8Array>}
 */
export function sealToOne(plaintext, recipient) {
  return encrypter([recipient]).encrypt(plaintext);
}

/**
 * @param {ReadableStream<Uint8Array>} plaintext of a file
 * @param {string} recipient age1pq1…, its only one
 * @returns {Promise<ReadableStream<Uint8Array>>}
 */
export async function sealStream(plaintext, recipient) {
  return encrypter([recipient]).encrypt(plaintext);
}

/**
 * What comes out has not verified before its last chunk has: whoever reads it releases nothing before.
 * @param {ReadableStream<Uint8Array>} sealed
 * @param {string} identity AGE-SECRET-KEY-PQ-1…
 * @returns {Promise<ReadableStream<Uint8Array>>}
 */
export async function openStream(sealed, identity) {
  return decrypter(identity).decrypt(sealed);
}

/**
 * @param {Uint8Array} plaintext
 * @param {string[]} recipients
 * @returns {Promise<Uint8Array>} the envelope
 */
async function sealBytes(plaintext, recipients) {
  const envelope = await encrypter(recipients).encrypt(plaintext);
  checkEnvelope(envelope); // what intake would refuse is not made
  return envelope;
}

/**
 * @template T
 * @param {Promise<T>} opening
 * @returns {Promise<T>}
 */
async function opened(opening) {
  try {
    return await opening;
  } catch {
    throw new DoesNotOpen();
  }
}

/** @param {string[]} recipients */
function encrypter(recipients) {
  const age = new Encrypter();
  for (const recipient of recipients) {
    readRecipient(recipient); // age would take other kinds too
    age.addRecipient(recipient);
  }
  return age;
}

/** @param {string} identity */
function decrypter(identity) {
  const age = new Decrypter();
  age.addIdentity(identity);
  return age;
}
