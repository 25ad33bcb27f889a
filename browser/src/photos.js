// @ts-check
// Photos without what they say of where, when, by whom and with what they were taken. Walks the format from marker to marker and
// copies the picture; never decodes or redraws a pixel, never guesses at a file that does not add up. Pure functions.
//
// What is kept is listed, and all else goes. What stays as it is and could still tell something: what one sees, bytes that a program
// has hidden among the compressed ones, and the colour profile, without which colours are wrong. A profile says nothing of a person,
// but it can name a device: that of a screenshot can hold make, model and serial number of the screen.

import { check, integer, joined, latin, slice, starts } from './bounds.js';
import { concat, u16, u32, utf8 } from './bytes.js';
import { PhotoUnreadable } from './errors.js';
import { PNG_SIGNATURE, kindOf } from './kinds.js';
import { EXIF, FINDINGS, readExif, readIptc, readPngText, readXmp } from './traces.js';

/** @typedef {import('./traces.js').Finding} Finding */

export { kindOf };

/**
 * @param {Uint8Array} bytes
 * @returns {{bytes: Uint8Array, found: Finding[]}} the photo alone, and what kinds of things were removed from it
 * @throws {PhotoUnreadable}
 */
export function clean(bytes) {
  /** @type {Set<Finding>} */
  const found = new Set();
  const kind = kindOf(bytes);
  if (!kind) throw new PhotoUnreadable();
  const parts = { jpeg: cleanJpeg, png: cleanPng, webp: cleanWebp }[kind](bytes, found);
  return { bytes: joined(parts), found: FINDINGS.filter((finding) => found.has(finding)) };
}

// --- JPEG: ITU-T T.81 annex B; JFIF 1.02; Exif 2.32 section 4.5

const [TEM, SOI, EOI, SOS, APP0, APP1, APP2, APP13, APP14, COM] = [0x01, 0xd8, 0xd9, 0xda, 0xe0, 0xe1, 0xe2, 0xed, 0xee, 0xfe];
const [DHT, DAC, DQT, DNL, DRI] = [0xc4, 0xcc, 0xdb, 0xdc, 0xdd];
const JFIF = utf8('JFIF\0');
const JFXX = utf8('JFXX\0');
const ICC = utf8('ICC_PROFILE\0');
const ADOBE = utf8('Adobe');
const XMP = ['http://ns.adobe.com/xap/1.0/\0', 'http://ns.adobe.com/xmp/extension/\0'].map(utf8);

/**
 * @param {Uint8Array} bytes
 * @param {Set<Finding>} found
 * @returns {Uint8Array[]}
 */
function cleanJpeg(bytes, found) {
  /** @type {Uint8Array[]} */
  const parts = [Uint8Array.of(0xff, SOI)];
  const seen = new Set();
  let at = 2;
  for (;;) {
    check(integer(bytes, at, 1) === 0xff);
    while (integer(bytes, at, 1) === 0xff) at++; // any number of fill bytes may stand before a marker
    const marker = integer(bytes, at++, 1);
    if (marker === EOI) break;
    if (marker === TEM) continue;
    const end = at + integer(bytes, at, 2);
    const body = slice(bytes, at + 2, end);
    const kept = isTable(marker, body) ? body : ofApplication(marker, body, seen, found);
    if (kept) parts.push(Uint8Array.of(0xff, marker), u16(kept.length + 2), kept);
    at = end;
    if (isFrame(marker)) seen.add('frame');
    if (marker === SOS) {
      check(seen.has('frame'));
      seen.add(SOS);
      at = endOfScan(bytes, end);
      parts.push(bytes.subarray(end, at));
    }
  }
  check(seen.has(SOS));
  if (at < bytes.length) found.add('trailing');
  return [...parts, Uint8Array.of(0xff, EOI)];
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {number} where the first marker stands that is neither a stuffed zero nor a restart
 */
function endOfScan(bytes, at) {
  for (;;) {
    const start = bytes.indexOf(0xff, at);
    check(start >= 0);
    at = start;
    while (integer(bytes, at, 1) === 0xff) at++;
    const marker = integer(bytes, at++, 1);
    if (marker !== 0 && !(marker >= 0xd0 && marker <= 0xd7)) return start;
  }
}

/** @param {number} marker */
function isFrame(marker) {
  return marker >= 0xc0 && marker <= 0xcf && ![DHT, 0xc8, DAC].includes(marker);
}

/**
 * Each table says how long it is. Checked, so that nothing else passes for one.
 * @param {number} marker
 * @param {Uint8Array} body
 * @returns {boolean} false if it is a segment of applications
 */
function isTable(marker, body) {
  if ((marker >= APP0 && marker <= 0xef) || marker === COM) return false;
  let at = 0;
  do at += tableLength(marker, body.subarray(at));
  while (at < body.length && [DHT, DAC, DQT].includes(marker)); // these hold one table or more
  check(at === body.length);
  return true;
}

/**
 * @param {number} marker
 * @param {Uint8Array} body from where the table begins
 * @returns {number} in bytes
 */
function tableLength(marker, body) {
  if (marker === DHT) return 17 + slice(body, 1, 17).reduce((sum, count) => sum + count, 0);
  if (marker === DQT) return integer(body, 0, 1) < 16 ? 65 : 129; // 64 numbers of one or two bytes
  if (marker === DAC || marker === DNL || marker === DRI) return 2;
  if (marker === SOS) return 4 + 2 * integer(body, 0, 1);
  check(isFrame(marker)); // what is left is reserved, or of extensions that no browser shows
  return 6 + 3 * integer(body, 5, 1);
}

/**
 * @param {number} marker
 * @param {Uint8Array} body
 * @param {Set<unknown>} seen
 * @param {Set<Finding>} found
 * @returns {Uint8Array | null} what is kept of it
 */
function ofApplication(marker, body, seen, found) {
  const isFirst = (/** @type {Uint8Array} */ prefix) => starts(body, prefix) && !seen.has(prefix) && !!seen.add(prefix);
  if (marker === APP2 && starts(body, ICC)) return body;
  if (marker === APP14 && body.length >= 12 && isFirst(ADOBE)) {
    if (body.length > 12) found.add('other');
    return body.subarray(0, 12); // says whether the colours are inverted
  }
  if (marker === APP0 && body.length >= 14 && isFirst(JFIF)) {
    if (body.length > 14) found.add('thumbnail');
    return concat(body.subarray(0, 12), u16(0)); // a thumbnail of no width and no height
  }
  if (marker === APP1 && starts(body, EXIF)) {
    const exif = readExif(body, found);
    return isFirst(EXIF) && exif ? concat(EXIF, exif) : null;
  }
  if (marker === APP1 && XMP.some((prefix) => starts(body, prefix))) readXmp(body, found);
  else if (marker === APP13) readIptc(body, found);
  else if (marker === APP0 && starts(body, JFXX)) found.add('thumbnail');
  else found.add(marker === COM ? 'text' : 'other');
  return null;
}

// --- PNG: W3C Portable Network Graphics, third edition, sections 5 and 11

/** The chunks that are kept, and how many bytes the largest has. */
const PNG_CHUNKS = new Map(Object.entries({
  IHDR: 13, PLTE: 768, IDAT: Infinity, tRNS: 256, gAMA: 4, cHRM: 32, sRGB: 1, iCCP: Infinity, sBIT: 4, pHYs: 9, bKGD: 6, cICP: 4,
  acTL: 8, fcTL: 26, fdAT: Infinity,
}));
const PIXELS = new Set(['IDAT', 'fdAT']); // megabytes that go on as they are: whoever shows them checks their sum
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/**
 * @param {Uint8Array} bytes
 * @param {Set<Finding>} found
 * @returns {Uint8Array[]}
 */
function cleanPng(bytes, found) {
  /** @type {Uint8Array[]} */
  const parts = [PNG_SIGNATURE];
  const seen = new Set();
  for (let at = PNG_SIGNATURE.length; !seen.has('IEND');) {
    const end = at + 12 + integer(bytes, at, 4);
    const chunk = slice(bytes, at, end);
    const [type, body] = [latin(chunk.subarray(4, 8)), chunk.subarray(8, -4)];
    check((type === 'IHDR') === (seen.size === 0) && /^[A-Za-z]{4}$/.test(type));
    const largest = type === 'IEND' ? 0 : PNG_CHUNKS.get(type);
    if (largest !== undefined) {
      check(body.length <= largest && (PIXELS.has(type) || crc32(chunk.subarray(4, -4)) === integer(chunk, chunk.length - 4, 4)));
      parts.push(chunk);
    } else if (type === 'eXIf') {
      const exif = readExif(body, found);
      if (exif && !seen.has(type)) parts.push(pngChunk(type, exif));
    } else {
      check(/^[a-z]/.test(type)); // a capital says that the picture cannot be shown without it
      if (['tEXt', 'zTXt', 'iTXt'].includes(type)) readPngText(body, found);
      else found.add(type === 'tIME' ? 'time' : 'other');
    }
    seen.add(type);
    at = end;
    if (type === 'IEND' && at < bytes.length) found.add('trailing'); // what an editor cropped can still stand here
  }
  check(seen.has('IDAT'));
  return parts;
}

/**
 * @param {string} type
 * @param {Uint8Array} body
 * @returns {Uint8Array}
 */
function pngChunk(type, body) {
  const named = concat(utf8(type), body);
  return concat(u32(body.length), named, u32(crc32(named)));
}

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = /** @type {number} */ (CRC[(crc ^ byte) & 0xff]) ^ (crc >>> 8);
  return ~crc >>> 0;
}

// --- WebP: RFC 9649 section 2

const [ICC_FLAG, ALPHA_FLAG, EXIF_FLAG, ANIMATION_FLAG] = [0x20, 0x10, 0x08, 0x02];
const WEBP_CHUNKS = new Set(['ICCP', 'ANIM', 'ALPH', 'VP8 ', 'VP8L']);

/**
 * @param {Uint8Array} bytes
 * @param {Set<Finding>} found
 * @returns {Uint8Array[]}
 */
function cleanWebp(bytes, found) {
  const end = 8 + integer(bytes, 4, 4, true);
  if (end < bytes.length) found.add('trailing');
  const parts = [];
  const seen = new Set();
  let flags = 0;
  /** @type {Uint8Array | null} */
  let header = null;
  for (const { type, body } of riffChunks(slice(bytes, 12, end))) {
    check(type === 'VP8X' ? seen.size === 0 : seen.size > 0 || type === 'VP8 ' || type === 'VP8L');
    if (type === 'VP8X') {
      check(body.length === 10);
      flags = integer(body, 0, 1);
      header = concat(Uint8Array.of(flags & (ICC_FLAG | ALPHA_FLAG | ANIMATION_FLAG), 0, 0, 0), body.subarray(4));
      parts.push(...riffChunk(type, header));
    } else if (type === 'ANMF') parts.push(...riffChunk(type, cleanFrame(body, found)));
    else if (WEBP_CHUNKS.has(type)) {
      check(!seen.has(type) && (type !== 'ANIM' || body.length === 6));
      parts.push(...riffChunk(type, body));
    } else if (type === 'EXIF') {
      const exif = readExif(body, found);
      if (header && exif && flags & EXIF_FLAG && !seen.has(type)) { // without the flag, libwebp tells nobody of it
        header[0] = /** @type {number} */ (header[0]) | EXIF_FLAG;
        parts.push(...riffChunk(type, exif));
      }
    } else if (type === 'XMP ') readXmp(body, found);
    else found.add('other');
    seen.add(type);
  }
  check(seen.has('VP8 ') || seen.has('VP8L') || seen.has('ANMF'));
  return riffChunk('RIFF', joined([utf8('WEBP'), ...parts]));
}

/**
 * @param {Uint8Array} body of a frame of an animation: its place and time, and chunks of its own
 * @param {Set<Finding>} found
 * @returns {Uint8Array}
 */
function cleanFrame(body, found) {
  const parts = [slice(body, 0, 16)];
  for (const { type, body: inner } of riffChunks(body.subarray(16))) {
    if (['ALPH', 'VP8 ', 'VP8L'].includes(type)) parts.push(...riffChunk(type, inner));
    else found.add('other');
  }
  return joined(parts);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Generator<{type: string, body: Uint8Array}>}
 */
function* riffChunks(bytes) {
  for (let at = 0; at < bytes.length;) {
    const length = integer(bytes, at + 4, 4, true);
    const next = at + 8 + length + (length % 2);
    yield { type: latin(slice(bytes, at, next).subarray(0, 4)), body: slice(bytes, at + 8, at + 8 + length) };
    at = next;
  }
}

/**
 * @param {string} type
 * @param {Uint8Array} body
 * @returns {Uint8Array[]} padded to an even length
 */
function riffChunk(type, body) {
  return [utf8(type), u32(body.length).reverse(), body, new Uint8Array(body.length % 2)];
}
