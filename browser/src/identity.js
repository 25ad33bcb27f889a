// @ts-check
// Who a reporter says to be, sealed twice: to ring B of the group, and that to ring A, so that nobody at the desk reads it alone
// (spec section 6.4). Its length says nothing of what was given. Opens nothing.

import { base64 } from './bytes.js';
import { readJson, writeJson } from './canonical.js';
import { IDENTITY_BYTES } from './constants.js';
import { IdentityEmpty, IdentityTooLong, NoRings } from './errors.js';
import { sealToOne } from './seal.js';

/** @typedef {{name: string, contact: string}} IdentityGiven either may be empty, not both */

const SPACE = 0x20;

/**
 * @param {IdentityGiven} given
 * @param {Pick<import('./card.js').Group, 'rings'>} group of a verified card
 * @returns {Promise<string>} the field of a report, or of an identity that is given later
 * @throws {NoRings | IdentityEmpty | IdentityTooLong}
 */
export async function sealIdentity(given, { rings }) {
  if (rings === null) throw new NoRings();
  const inner = await sealToOne(padIdentity(given), rings.b.text);
  return base64(await sealToOne(inner, rings.a.text));
}

/**
 * @param {IdentityGiven} given
 * @returns {Uint8Array} IDENTITY_BYTES, whatever was given
 * @throws {IdentityEmpty | IdentityTooLong | import('./errors.js').NotCanonical}
 */
export function padIdentity({ name, contact }) {
  if (name === '' && contact === '') throw new IdentityEmpty();
  const json = writeJson({ name, contact });
  readJson(json); // what its reader would refuse is not written
  if (json.length > IDENTITY_BYTES) throw new IdentityTooLong();
  const padded = new Uint8Array(IDENTITY_BYTES).fill(SPACE);
  padded.set(json);
  return padded;
}
