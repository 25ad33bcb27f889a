// @ts-check
// From a case code to everything that only its holder has (spec section 5). The code and the seeds never leave this page.

import { ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { concat, sha256 } from './bytes.js';
import { LABEL_ACCESS, LABEL_AGE, LABEL_BOX, LABEL_SIGNING, label } from './constants.js';
import { identityOf, recipientDigest, writeRecipient } from './recipient.js';

/**
 * @typedef {object} Keys what a reporter derives from a case code
 * @property {Uint8Array} signingSeed 32 bytes
 * @property {Uint8Array} signingPublic 32 bytes
 * @property {string} identity AGE-SECRET-KEY-PQ-1…
 * @property {string} recipient age1pq1…
 * @property {Uint8Array} recipientDigest 32 bytes
 * @property {Uint8Array} accessToken 32 bytes
 * @property {Uint8Array} boxId 32 bytes
 */

/**
 * @param {Uint8Array} code CODE_BYTES
 * @param {Uint8Array} instance INSTANCE_BYTES
 * @returns {Readonly<Keys>}
 */
export function deriveKeys(code, instance) {
  const derive = (/** @type {string} */ purpose) => hkdf(sha256, code, instance, label(purpose), 32);
  const signingSeed = derive(LABEL_SIGNING);
  const signingPublic = ed25519.getPublicKey(signingSeed);
  const { identity, raw } = identityOf(derive(LABEL_AGE));
  return Object.freeze({
    signingSeed,
    signingPublic,
    identity,
    recipient: writeRecipient(raw),
    recipientDigest: recipientDigest(raw),
    accessToken: derive(LABEL_ACCESS),
    boxId: boxIdOf(signingPublic, raw),
  });
}

/**
 * @param {Uint8Array} signingPublic 32 bytes
 * @param {Uint8Array} recipient 1,216 raw bytes
 * @returns {Uint8Array}
 */
export function boxIdOf(signingPublic, recipient) {
  return sha256(concat(label(LABEL_BOX), signingPublic, recipient));
}
