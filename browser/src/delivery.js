// @ts-check
// Past the challenge (spec section 8): what is stored at intake is paid for with a proof of work each time it is sent. A challenge
// that is refused is replaced by a fresh one; the sealed bytes are the same however often they go.

import { IntakeRefused } from './errors.js';
import { findProof } from './proof.js';
import { submission } from './wire.js';

const CHALLENGES = 4; // of which each may have run out, or been made too easy by a rise of the work meanwhile

/**
 * @template T
 * @param {(body: Uint8Array) => Promise<T>} send
 * @param {import('./intake.js').BoxKeys} keys
 * @param {Uint8Array} bytes an envelope, or the record of a first part
 * @param {import('./intake.js').Intake} intake
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export async function sendWithProof(send, keys, bytes, intake, signal) {
  for (let left = CHALLENGES; ; ) {
    const { challenge, difficulty } = await intake.challenge(signal);
    const proof = await findProof(challenge, difficulty);
    try {
      return await send(submission(keys, proof, challenge, bytes));
    } catch (error) {
      if (!(error instanceof IntakeRefused && error.code === 'challenge-refused') || --left === 0) throw error;
    }
  }
}
