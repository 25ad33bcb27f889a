// @ts-check
// What a file is, told by how it begins and not by its name; the type that the browser gives is asked for what can only be warned of.

import { latin, starts } from './bounds.js';

/**
 * @typedef {'jpeg' | 'png' | 'webp'} Kind that can be cleaned
 * @typedef {'picture' | 'recording' | 'document'} Carrier of traces that nothing here removes
 */

export const HEAD_BYTES = 16;
export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const PICTURES = /^(?:GIF8|II\*\0|MM\0\*|....ftyp(?:hei|hev|mif1|msf1|avi))/s; // HEIC and AVIF have the frame of a film
const FILM = /^....ftyp/s;
const DOCUMENT = /^(?:%PDF|PK|\xd0\xcf\x11\xe0|\{\\rtf)/;

/**
 * @param {Uint8Array} bytes
 * @returns {Kind | null}
 */
export function kindOf(bytes) {
  if (starts(bytes, [0xff, 0xd8, 0xff])) return 'jpeg';
  if (starts(bytes, PNG_SIGNATURE)) return 'png';
  return /^RIFF....WEBP/s.test(latin(bytes.subarray(0, 12))) ? 'webp' : null;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} type
 * @returns {Carrier | null} nothing for plain text
 */
export function carrierOf(bytes, type) {
  const beginning = latin(bytes.subarray(0, HEAD_BYTES));
  if (PICTURES.test(beginning)) return 'picture';
  if (FILM.test(beginning)) return 'recording';
  if (DOCUMENT.test(beginning)) return 'document';
  if (type.startsWith('image/')) return 'picture';
  if (/^(?:audio|video)\//.test(type)) return 'recording';
  return /^text\/(?:plain|csv)$/.test(type) ? null : 'document';
}
