// @ts-check
// Giving others a turn, and trying again: how long work goes on before the page may breathe, which failures are worth another
// try, and how long to wait before it. Sends nothing itself.

import { IntakeRefused, NetworkFailed, UnexpectedAnswer } from './errors.js';

const SPELL_MS = 10;
const PASSING = [408, 429, 500, 502, 503, 504]; // too slow, or the server or something before it is down for a while

/** Milliseconds before each further try. What has no end stays at the last; what gives up does so after all but the last. */
export const PAUSES = [1000, 3000, 9000, 30_000];

/** @returns {Promise<void>} once everything else that was due has had its turn; unlike a timer, at once in a tab behind others */
export function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** @returns {() => Promise<void> | undefined} to be called between slices of long work: gives a turn after a short spell */
export function breathing() {
  let since = performance.now();
  return () => (performance.now() - since < SPELL_MS ? undefined : turn().then(() => void (since = performance.now())));
}

/**
 * @param {unknown} error
 * @returns {boolean} whether the same bytes may get through later
 */
export function isPassing(error) {
  if (error instanceof NetworkFailed) return true;
  const answered = error instanceof IntakeRefused || error instanceof UnexpectedAnswer;
  return answered && error.code !== 'box-full' && PASSING.includes(error.status);
}

/**
 * @param {number} pause milliseconds
 * @param {AbortSignal} [signal] ends the wait, as the network's coming back does
 * @returns {Promise<void>}
 */
export function wait(pause, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.('online', end);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, pause);
    globalThis.addEventListener?.('online', end);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}

/**
 * @template T
 * @param {() => Promise<T>} act
 * @param {readonly number[]} pauses
 * @param {(tried: {attempt: number, pause: number}) => void} [onTry] before each wait: how many tries failed, milliseconds until the next
 * @param {AbortSignal} [signal] after which nothing is tried again
 * @returns {Promise<T>}
 */
export async function persist(act, pauses, onTry, signal) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      const pause = pauses[attempt - 1];
      if (!isPassing(error) || pause === undefined || attempt === pauses.length || signal?.aborted) throw error;
      onTry?.({ attempt, pause });
      await wait(pause, signal);
    }
  }
}
