// @ts-check
// Age recipients and identities of the hybrid kind, between text and raw bytes (spec section 3). Seals and opens nothing.

import { MLKEM768X25519 } from '@noble/post-quantum/hybrid.js';
import { bech32 } from '@scure/base';
import { sha256 } from './bytes.js';
import { NotThisSpelling } from './errors.js';

const RECIPIENT_BYTES = 1216; // ML-KEM-768 encapsulation key 1,184, X25519 public key 32

/**
 * @param {string} text age1pq1…
 * @returns {Uint8Array} RECIPIENT_BYTES
 */
export function readRecipient(text) {
  let raw;
  try {
    const { prefix, words } = bech32.decode(/** @type {`${string}1${string}`} */ (text), false);
    raw = prefix === 'age1pq' ? bech32.fromWords(words) : new Uint8Array();
  } catch {
    throw new NotThisSpelling('an age recipient');
  }
  if (raw.length !== RECIPIENT_BYTES || writeRecipient(raw) !== text) throw new NotThisSpelling('an age recipient');
  return raw;
}

/**
 * @param {Uint8Array} raw
 * @returns {string}
 */
export function writeRecipient(raw) {
  return bech32.encode('age1pq', bech32.toWords(raw), false);
}

/**
 * @param {Uint8Array} raw RECIPIENT_BYTES
 * @returns {Uint8Array} the recipient digest
 */
export function recipientDigest(raw) {
  return sha256(raw);
}

/**
 * @param {Uint8Array} seed 32 bytes, an X-Wing private key
 * @returns {{identity: string, raw: Uint8Array}}
 */
export function identityOf(seed) {
  const identity = bech32.encodeFromBytes('AGE-SECRET-KEY-PQ-', seed).toUpperCase();
  return { identity, raw: MLKEM768X25519.getPublicKey(seed) };
}
