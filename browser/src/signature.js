// @ts-check
// Ed25519 as this protocol takes it: verifiers disagree on odd points, so these are refused first (spec section 3, Refused points).

import { ed25519 } from '@noble/curves/ed25519.js';
import { concat } from './bytes.js';
import { label } from './constants.js';
import { BadSignature } from './errors.js';

const GROUP_ORDER = ed25519.Point.Fn.ORDER;

/**
 * @param {string} purpose a LABEL_ constant
 * @param {Uint8Array} seed 32 bytes
 * @param {Uint8Array} message
 * @returns {Uint8Array} 64 bytes
 */
export function sign(purpose, seed, message) {
  return ed25519.sign(concat(label(purpose), message), seed);
}

/**
 * @param {string} purpose a LABEL_ constant
 * @param {Uint8Array} publicKey
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 * @throws {BadSignature}
 */
export function verify(purpose, publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) throw new BadSignature();
  refuseOddPoint(publicKey);
  refuseOddPoint(signature.subarray(0, 32));
  const scalar = signature.slice(32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (scalar >= GROUP_ORDER) throw new BadSignature();
  if (!ed25519.verify(signature, concat(label(purpose), message), publicKey, { zip215: false })) throw new BadSignature();
}

/**
 * Refuses what is not the canonical encoding of a point in the prime-order subgroup other than the identity.
 * @param {Uint8Array} encoded
 */
function refuseOddPoint(encoded) {
  let point;
  try {
    point = ed25519.Point.fromBytes(encoded, false);
  } catch {
    throw new BadSignature();
  }
  if (point.is0() || !point.isTorsionFree()) throw new BadSignature();
}
