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
  const age = new Decrypter();
  age.addIdentity(identity);
  try {
    return await age.decrypt(envelope); // of bytes, not of a stream: it answers once everything has verified
  } catch {
    throw new DoesNotOpen();
  }
}

/**
 * @param {Uint8Array} plaintext
 * @param {string[]} recipients
 * @returns {Promise<Uint8Array>} the envelope
 */
async function sealBytes(plaintext, recipients) {
  const age = new Encrypter();
  for (const recipient of recipients) {
    readRecipient(recipient); // age would take other kinds too
    age.addRecipient(recipient);
  }
  const envelope = await age.encrypt(plaintext);
  checkEnvelope(envelope); // what intake would refuse is not made
  return envelope;
}
