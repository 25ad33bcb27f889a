// @ts-check
// Proof of work: the counter that intake asks for before it stores anything (spec section 8). Works in short spells, between
// which the page stays alive.

import { concat, sha256 } from './bytes.js';
import { PROOF_BYTES } from './constants.js';
import { ProofTooHard, UnexpectedAnswer } from './errors.js';
import { breathing } from './patience.js';
import { challengeBytes } from './wire.js';

const HARDEST = 22; // bits: minutes on an old telephone. More is no wish for a proof but a wish to keep somebody busy

/**
 * @param {string} challenge
 * @param {number} difficulty in bits
 * @returns {Promise<Uint8Array>} PROOF_BYTES
 * @throws {ProofTooHard | UnexpectedAnswer}
 */
export async function findProof(challenge, difficulty) {
  if (!Number.isInteger(difficulty) || difficulty < 0) throw new UnexpectedAnswer('its difficulty');
  if (difficulty > HARDEST) throw new ProofTooHard();
  const bytes = concat(challengeBytes(challenge), new Uint8Array(PROOF_BYTES));
  const proof = new DataView(bytes.buffer, bytes.length - PROOF_BYTES);
  const breathe = breathing();
  for (let counter = 0n; ; counter++) {
    proof.setBigUint64(0, counter);
    if (zeroBits(sha256(bytes)) >= difficulty) return bytes.slice(-PROOF_BYTES);
    if ((counter & 63n) === 0n) await breathe();
  }
}

/**
 * @param {Uint8Array} hash
 * @returns {number} how many zero bits it begins with, counted up to 32
 */
export function zeroBits(hash) {
  return Math.clz32(new DataView(hash.buffer, hash.byteOffset).getUint32(0));
}
