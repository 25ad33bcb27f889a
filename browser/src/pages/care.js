// @ts-check
// What is done with a chosen file before anything of it is sent: a photo is cleaned, and of what can only be warned of the person is
// warned. What cleans photos is loaded when the first one is chosen.

import { FileUnreadable } from '../errors.js';
import { HEAD_BYTES, carrierOf, kindOf } from '../kinds.js';
import { amount } from './amounts.js';
import { word } from './words.js';

/**
 * @typedef {typeof import('../photos.js')} Photos
 *
 * @typedef {object} Looked
 * @property {string} note in words, what was seen
 * @property {'send' | 'as-it-is' | 'again' | null} ask what the person must press before it goes on; `send` where nothing was warned of
 * @property {boolean} removed whether the original says more
 * @property {() => Promise<Blob>} content what is sent
 */

/** A photo is cleaned in one piece, and is in memory twice meanwhile: as much as a small phone gives to one page. */
const PHOTO_LIMIT = 60_000_000;

/** @type {Promise<Photos> | undefined} */
let loading;
let failures = 0;

/**
 * @param {File} file
 * @param {() => Promise<Photos>} load
 * @returns {Promise<Looked>}
 * @throws {FileUnreadable}
 */
export async function lookAt(file, load = loadPhotos) {
  const head = await read(file.slice(0, HEAD_BYTES));
  if (!kindOf(head)) {
    const carrier = carrierOf(head, file.type);
    return carrier ? looked(file, 'as-it-is', word(`files.warn-${carrier}`)) : looked(file, 'send', '');
  }
  if (file.size > PHOTO_LIMIT) return unclean(file, word('files.photo-large', { size: amount(PHOTO_LIMIT) }));
  let photos;
  try {
    photos = await load();
  } catch {
    return looked(file, 'again', word('files.photo-unloaded'));
  }
  const { clean } = photos;
  const bytes = await read(file);
  let found;
  try {
    ({ found } = clean(bytes));
  } catch {
    return unclean(file, word('files.photo-unreadable')); // damaged, or more than there is memory for
  }
  const things = new Intl.ListFormat(word('common.locale')).format(found.map((finding) => word(`files.found-${finding}`)));
  const note = found.length > 0 ? word('files.removed', { things }) : word('files.nothing-hidden');
  // Cleaned again when it is its turn, so that of many photos only the one on its way is in memory.
  return { note, ask: 'send', removed: found.length > 0, content: async () => new Blob([cleaned(clean, await read(file))]) };
}

/**
 * A file that is sent as it is.
 * @param {Blob} file
 * @param {Looked['ask']} ask
 * @param {string} note
 * @returns {Looked}
 */
export function looked(file, ask, note) {
  return { note, ask, removed: false, content: async () => file };
}

/**
 * @param {File} file
 * @param {string} why
 */
function unclean(file, why) {
  return looked(file, 'as-it-is', `${why} ${word('files.photo-risk')}`);
}

/**
 * @param {Photos['clean']} clean
 * @param {Uint8Array} bytes
 * @returns {Uint8Array<ArrayBuffer>}
 */
function cleaned(clean, bytes) {
  try {
    return /** @type {Uint8Array<ArrayBuffer>} */ (clean(bytes).bytes);
  } catch {
    throw new FileUnreadable(); // it is not the file that was looked at
  }
}

/** @param {Blob} blob */
async function read(blob) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw new FileUnreadable();
  }
}

/** A browser may remember for ever that an address failed; what stands behind the # makes it another one, and intake never sees it. */
function loadPhotos() {
  loading ??= import(`/photos.js#${failures}`).catch((error) => {
    failures++;
    loading = undefined;
    throw error;
  });
  return /** @type {Promise<Photos>} */ (loading);
}
