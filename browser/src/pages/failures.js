// @ts-check
// What went wrong, in words for the person that it happened to. An error without words gets the words for that, never its own.

import { GROUP_LETTERS } from '../code.js';
import { CardHasEnded, CodeHasBadCharacter, CodeHasWrongLength, WhistleError } from '../errors.js';
import { longDay } from './dates.js';
import { hasWord, word } from './words.js';

/**
 * @param {unknown} error
 * @returns {string}
 */
export function wordsOf(error) {
  const key = error instanceof WhistleError ? `error.${error.code}` : 'error.unknown';
  if (error instanceof CodeHasBadCharacter) {
    const { character, letters } = error;
    return word(key, { character, group: Math.floor(letters / GROUP_LETTERS) + 1, letter: (letters % GROUP_LETTERS) + 1 });
  }
  if (error instanceof CardHasEnded) return word(key, { day: longDay(error.ends) });
  if (error instanceof CodeHasWrongLength) return word(key, { letters: error.letters });
  return word(hasWord(key) ? key : 'error.unknown');
}
