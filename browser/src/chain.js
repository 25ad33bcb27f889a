// @ts-check
// The two chains of a box, one a direction: which contents follow on which, and which are missing (spec section 7, steps 4 to 7).
// Pure: knows neither keys nor texts.

import { NOTHING } from './content.js';

/**
 * @typedef {import('./content.js').Direction} Direction
 * @typedef {import('./content.js').Seen} Seen
 * @typedef {{direction: Direction, sequence: number, hash: string, previous: string, seen: Seen}} Link
 * @typedef {'doubled' | 'conflicting' | 'out-of-order' | 'broken' | 'gap' | 'verified'} ChainVerdict
 */

/** What was taken in one direction: hashes by sequence, of which 0 stands for "nothing yet". */
class Taken {
  constructor() {
    this.last = 0;
    this.seen = 0;
    /** @type {Map<number, string>} */
    this.hashes = new Map([[0, NOTHING]]);
  }
}

export class Chains {
  constructor() {
    /** @type {Record<Direction, Taken>} */
    this.taken = { 'to-desk': new Taken(), 'to-reporter': new Taken(), internal: new Taken() };
  }

  /**
   * Judges the next content by place, and takes it if it is to be taken.
   * @param {Link} link
   * @returns {{verdict: ChainVerdict, missing: number}} missing: how many before it, in a gap
   */
  take(link) {
    const own = this.taken[link.direction];
    const verdict = this.judge(link, own);
    if (verdict !== 'gap' && verdict !== 'verified') return { verdict, missing: 0 };
    const missing = link.sequence - own.last - 1;
    own.last = link.sequence;
    own.seen = link.seen.sequence;
    own.hashes.set(link.sequence, link.hash);
    return { verdict, missing };
  }

  /**
   * @param {Link} link
   * @param {Taken} own
   * @returns {ChainVerdict}
   */
  judge({ direction, sequence, hash, previous, seen }, own) {
    if (sequence <= own.last) {
      const before = own.hashes.get(sequence);
      if (before === undefined) return 'out-of-order';
      return before === hash ? 'doubled' : 'conflicting';
    }
    const follows = sequence > own.last + 1 || previous === own.hashes.get(own.last);
    const other = this.taken[otherOf(direction)].hashes.get(seen.sequence);
    if (!follows || seen.sequence < own.seen || (other !== undefined && other !== seen.hash)) return 'broken';
    return sequence > own.last + 1 ? 'gap' : 'verified';
  }

  /**
   * @param {Direction} direction
   * @returns {Seen} the last one taken, as a next content names it
   */
  lastOf(direction) {
    const { last, hashes } = this.taken[direction];
    return { sequence: last, hash: hashes.get(last) ?? NOTHING };
  }

  /** @returns {{'to-desk': number, 'to-reporter': number}} how many contents somebody has seen that are not here */
  withheld() {
    const { 'to-desk': toDesk, 'to-reporter': toReporter, internal } = this.taken;
    return {
      'to-desk': Math.max(0, toReporter.seen - toDesk.last, internal.seen - toDesk.last),
      'to-reporter': Math.max(0, toDesk.seen - toReporter.last),
    };
  }
}

/**
 * @param {Direction} direction
 * @returns {Direction} the one that a content's `seen` speaks of
 */
function otherOf(direction) {
  return direction === 'to-desk' ? 'to-reporter' : 'to-desk';
}
