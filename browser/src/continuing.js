// @ts-check
// Going on with a fresh code: the key of the code before signs the id of the new box (spec section 6.5). Sends nothing.

import { hex } from './bytes.js';
import { LABEL_CONTINUES } from './constants.js';
import { sign } from './signature.js';

/**
 * @param {Readonly<import('./derive.js').Keys>} earlier
 * @param {Uint8Array} box the id of the new one
 * @returns {import('./content.js').Continues}
 */
export function continuationOf(earlier, box) {
  return { kind: 'continues', body: { box: hex(earlier.boxId), signature: hex(sign(LABEL_CONTINUES, earlier.signingSeed, box)) } };
}
