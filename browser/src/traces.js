// @ts-check
// The traces that are removed from a photo: read only to tell the person what they were. Nothing here decides what is kept but the
// orientation, which is written anew; nothing here throws, whatever the traces are.

import { integer, latin, starts } from './bounds.js';
import { concat, u16, u32, utf8 } from './bytes.js';

/** @typedef {'place' | 'camera' | 'time' | 'person' | 'text' | 'thumbnail' | 'software' | 'trailing' | 'other'} Finding */

/** What can be found, in the order in which it is told. `trailing` is what stood behind the picture: a film, a second picture.
 * @type {readonly Finding[]} */
export const FINDINGS = ['place', 'camera', 'time', 'person', 'text', 'thumbnail', 'software', 'trailing', 'other'];

export const EXIF = utf8('Exif\0\0');
const READ = 1 << 20; // bytes of a text, enough to say what it holds
const ORIENTATION = 0x0112;
const [EXIF_POINTER, GPS_POINTER] = [0x8769, 0x8825];

/** Exif 2.32 section 4.6; the 0x9c9… are of Windows, the 0xc6… of DNG. */
const EXIF_TAGS = tagged({
  camera: [0x010f, 0x0110, 0x013c, 0x927c, 0xa431, 0xa432, 0xa433, 0xa434, 0xa435, 0xc614, 0xc62f],
  time: [0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292],
  person: [0x013b, 0x8298, 0x9c9d, 0xa430, 0xa437, 0xa438],
  text: [0x010e, 0x9286, 0x9c9b, 0x9c9c, 0x9c9e, 0x9c9f, 0xa436],
  software: [0x000b, 0x0131],
});
const [GPS_VERSION, GPS_TIME, GPS_DATE] = [0x00, 0x07, 0x1d];

/** IPTC-IIM 4.2, record 2. */
const IPTC_DATASETS = tagged({
  place: [26, 27, 90, 92, 95, 100, 101],
  time: [30, 35, 37, 38, 55, 60, 62, 63],
  person: [80, 85, 110, 115, 116, 118, 122],
  text: [5, 25, 40, 105, 120],
  software: [65, 70],
});

/** @type {[Finding, RegExp][]} */
const XMP_NAMES = [
  ['place', /:GPSL|:City|:Country|:Location|:State|:Sublocation/],
  ['camera', /:Make|:Model|:Lens|SerialNumber/],
  ['time', /Date|:when/],
  ['person', /:creator|:rights|:Artist|:Author|:CaptionWriter|:Copyright|:Credit|:Owner|PersonInImage|mwg-rs:Name/],
  ['text', /:description|:title|:subject|:Headline|:UserComment/],
  ['thumbnail', /:Thumbnails|:GImage|:GDepth/],
  ['software', /:CreatorTool|:softwareAgent|:Software/],
];

/** @type {[Finding, RegExp][]} */
const PNG_KEYWORDS = [
  ['time', /time|date/i],
  ['person', /^(author|artist|copyright|owner)$/i],
  ['software', /^software$/i],
  ['camera', /^(source|make|model)$/i],
  ['other', /^raw profile/i],
];

/**
 * Four directories at fixed places of the tree, each read once: whichever way their offsets point, there is nothing to go round in.
 * @param {Uint8Array} block with or without the prefix that only JPEG asks for
 * @param {Set<Finding>} found
 * @returns {Uint8Array | null} what is written instead, if the picture is to be turned
 */
export function readExif(block, found) {
  const tiff = starts(block, EXIF) ? block.subarray(EXIF.length) : block;
  const little = starts(tiff, [0x49, 0x49, 0x2a, 0]);
  if (tiff.length < 8 || (!little && !starts(tiff, [0x4d, 0x4d, 0, 0x2a]))) {
    found.add('other');
    return null;
  }
  const main = directory(tiff, integer(tiff, 4, 4, little), little);
  const pointed = (/** @type {number} */ tag) => {
    const at = main.entries.get(tag);
    return directory(tiff, at === undefined ? 0 : integer(tiff, at + 8, 4, little), little);
  };
  const [exif, gps] = [pointed(EXIF_POINTER), pointed(GPS_POINTER)];
  const small = directory(tiff, main.next, little);
  /** @type {Set<Finding | undefined>} */
  const says = new Set([main, exif, small].flatMap(({ entries }) => [...entries.keys()].map((tag) => EXIF_TAGS.get(tag))));
  for (const tag of gps.entries.keys()) if (tag !== GPS_VERSION) says.add(tag === GPS_TIME || tag === GPS_DATE ? 'time' : 'place');
  if (small.entries.size > 0) says.add('thumbnail');
  const turn = main.entries.get(ORIENTATION);
  const isShort = turn !== undefined && integer(tiff, turn + 2, 2, little) === 3 && integer(tiff, turn + 4, 4, little) === 1;
  const orientation = isShort ? integer(tiff, turn + 8, 2, little) : 1;
  const fresh = freshExif(orientation);
  tell(says, found, tiff.length > fresh.length);
  return orientation > 1 && orientation <= 8 ? fresh : null;
}

/**
 * @param {Uint8Array} tiff
 * @param {number} start
 * @param {boolean} little
 * @returns {{entries: Map<number, number>, next: number}} where each tag stands, as far as the bytes go
 */
function directory(tiff, start, little) {
  const entries = new Map();
  if (start < 8 || start + 2 > tiff.length) return { entries, next: 0 };
  const count = Math.min(integer(tiff, start, 2, little), Math.floor((tiff.length - start - 2) / 12));
  const end = start + 2 + 12 * count;
  for (let at = start + 2; at < end; at += 12) entries.set(integer(tiff, at, 2, little), at);
  return { entries, next: end + 4 <= tiff.length ? integer(tiff, end, 4, little) : 0 };
}

/**
 * @param {number} orientation
 * @returns {Uint8Array} big-endian, one directory of one SHORT, and no next one
 */
function freshExif(orientation) {
  return concat(Uint8Array.of(0x4d, 0x4d, 0, 0x2a), u32(8), u16(1), u16(ORIENTATION), u16(3), u32(1), u16(orientation), u16(0), u32(0));
}

/**
 * @param {Uint8Array} body
 * @param {Set<Finding>} found
 */
export function readXmp(body, found) {
  const text = latin(body.subarray(0, READ));
  tell(XMP_NAMES.filter(([, names]) => names.test(text)).map(([finding]) => finding), found, true);
}

/**
 * @param {Uint8Array} body of Photoshop's resources, among which datasets are known by how they begin
 * @param {Set<Finding>} found
 */
export function readIptc(body, found) {
  /** @type {(Finding | undefined)[]} */
  const says = [];
  for (let at = 0; at + 5 <= body.length; at++) {
    if (body[at] !== 0x1c || body[at + 1] !== 2) continue;
    says.push(IPTC_DATASETS.get(integer(body, at + 2, 1)));
    at += 4 + integer(body, at + 3, 2);
  }
  tell(says, found, true);
}

/**
 * @param {Uint8Array} body that begins with a keyword
 * @param {Set<Finding>} found
 */
export function readPngText(body, found) {
  const keyword = latin(body.subarray(0, 80)).split('\0', 1)[0] ?? '';
  if (keyword === 'XML:com.adobe.xmp') readXmp(body, found);
  else found.add(PNG_KEYWORDS.find(([, words]) => words.test(keyword))?.[0] ?? 'text');
}

/**
 * @param {Iterable<Finding | undefined>} says
 * @param {Set<Finding>} found
 * @param {boolean} anyway even if it says nothing that has a name here
 */
function tell(says, found, anyway) {
  const named = [...says].filter((finding) => finding !== undefined);
  for (const finding of named) found.add(finding);
  if (named.length === 0 && anyway) found.add('other');
}

/**
 * @param {Partial<Record<Finding, number[]>>} numbers
 * @returns {Map<number, Finding>}
 */
function tagged(numbers) {
  const pairs = /** @type {[Finding, number[]][]} */ (Object.entries(numbers));
  return new Map(pairs.flatMap(([finding, tags]) => tags.map((tag) => /** @type {[number, Finding]} */ ([tag, finding]))));
}
