// Photos lose what they say of people and keep every bit of the picture. The last tests are hostile: cut and huge photos.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PhotoUnreadable } from '../../browser/src/errors.js';
import { clean, kindOf } from '../../browser/src/photos.js';
import {
  CANARY, chunk, chunksOf, EXIF, exif, fresh, jpegTraces, jpegWith, pictures, planted, pngTraces, pngWith, riff, riffOf, segment, segmentsOf,
  split, tiff, turned, webpTraces, webpWith, xmp,
} from './photos.js';

const JPEG = Buffer.from([0xff, 0xd8]);
const END = Buffer.from([0xff, 0xd9]);
const EXIF_FLAG = 0x08;
const same = (actual, expected, message) => assert.ok(Buffer.from(actual).equals(Buffer.from(expected)), message);
const foundIn = (bytes) => clean(bytes).found;
const refused = (bytes, message) => assert.throws(() => clean(bytes), PhotoUnreadable, message);
const withTrace = {
  jpeg: (...before) => jpegWith(pictures.jpegBaseline, { before }),
  png: (...before) => pngWith(pictures.png, { before }),
  webp: (...between) => webpWith(pictures.webpLossy, { between, flags: EXIF_FLAG }),
};
const withExif = {
  jpeg: (block) => withTrace.jpeg(segment(0xe1, EXIF, block)),
  png: (block) => withTrace.png(chunk('eXIf', block)),
  webp: (block) => withTrace.webp(riff('EXIF', block)),
};
const kinds = Object.keys(withExif);

test('a photo is known by its first bytes', () => {
  for (const [name, picture] of Object.entries(pictures)) {
    assert.equal(kindOf(picture), { j: 'jpeg', p: 'png', a: 'png', w: 'webp' }[name[0]]);
  }
  for (const other of ['', '\xff\xd8', 'GIF89a', 'RIFF\0\0\0\0WAVE', '%PDF-1.7', '....ftypheic']) assert.equal(kindOf(Buffer.from(other, 'latin1')), null);
});

test('what is no photo is refused', () => {
  for (const other of ['', 'GIF89a', 'RIFF\0\0\0\0WEBP']) refused(Buffer.from(other));
});

for (const [name, picture] of Object.entries(pictures)) {
  test(`${name}: a photo that says nothing comes back byte for byte`, () => {
    same(clean(picture).bytes, picture);
    assert.deepEqual(foundIn(picture), []);
  });

  test(`${name}: everything planted is gone, the picture is untouched, and it is still turned as it was`, () => {
    const cleaned = clean(planted[name]);
    assert.ok(planted[name].includes(CANARY));
    assert.ok(!Buffer.from(cleaned.bytes).includes(CANARY));
    same(split(cleaned.bytes).picture, split(picture).picture);
    assert.ok(Buffer.from(cleaned.bytes).includes(fresh(6)));
    for (const finding of ['place', 'camera', 'time', 'person', 'text', 'thumbnail', 'software', 'trailing', 'other']) {
      assert.ok(cleaned.found.includes(finding), finding);
    }
  });

  test(`${name}: but for its turn, the cleaned photo is the picture before anything was planted`, () => {
    const { bytes } = clean(planted[name]);
    const expected = {
      j: () => jpegWith(picture, { before: [segment(0xe1, EXIF, fresh(6))] }),
      p: () => pngWith(picture, { between: [chunk('eXIf', fresh(6))] }),
      w: () => webpWith(picture, { between: [riff('EXIF', fresh(6))], flags: EXIF_FLAG }),
    };
    same(bytes, expected[name[0] === 'a' ? 'p' : name[0]]());
  });

  test(`${name}: cleaning twice finds nothing and changes nothing`, () => {
    const once = clean(planted[name]).bytes;
    const twice = clean(once);
    same(twice.bytes, once);
    assert.deepEqual(twice.found, []);
  });

  test(`${name}: cut anywhere, a photo is refused, or cleaned all the same`, () => {
    for (let end = 0; end < planted[name].length; end++) {
      const cleaned = cleanOrNull(planted[name].subarray(0, end));
      if (!cleaned) continue;
      same(cleaned.bytes, clean(planted[name]).bytes, `cut at ${end}`); // only what stood behind the picture was cut
      assert.deepEqual(clean(cleaned.bytes).found, []);
    }
  });
}

test('each trace is told by its own name', () => {
  for (const kind of kinds) {
    assert.deepEqual(foundIn(withExif[kind](exif())), ['place', 'camera', 'time', 'person', 'text', 'thumbnail', 'software'], kind);
  }
  const jpeg = {
    xmp: ['place', 'person'], moreXmp: ['other'], iptc: ['place', 'person'], comment: ['text'], smallPicture: ['thumbnail'],
    index: ['other'], credentials: ['other'], unknownOfApp1: ['other'], adobeOfAnother: ['other'],
  };
  for (const [name, found] of Object.entries(jpeg)) assert.deepEqual(foundIn(withTrace.jpeg(jpegTraces[name])), found, name);
  const png = { author: ['person'], comment: ['text'], xmp: ['place', 'person'], time: ['time'], own: ['other'] };
  for (const [name, found] of Object.entries(png)) assert.deepEqual(foundIn(withTrace.png(pngTraces[name])), found, name);
  for (const [name, found] of Object.entries({ xmp: ['place', 'person'], own: ['other'] })) {
    assert.deepEqual(foundIn(withTrace.webp(webpTraces[name])), found, name);
  }
  const words = { Software: 'software', 'Creation Time': 'time', Copyright: 'person', 'Raw profile type exif': 'other', Title: 'text' };
  const names = { 'photoshop:City': 'place', 'aux:SerialNumber': 'camera', 'xmp:CreateDate': 'time', 'dc:rights': 'person', 'dc:title': 'text',
    'xmp:Thumbnails': 'thumbnail', 'xmp:CreatorTool': 'software', 'crs:Contrast': 'other' };
  for (const [name, found] of Object.entries(names)) {
    assert.deepEqual(foundIn(withTrace.webp(riff('XMP ', xmp(`<${name}>1</${name}>`)))), [found], name);
  }
  for (const [word, found] of Object.entries(words)) assert.deepEqual(foundIn(withTrace.png(chunk('tEXt', `${word}\0CANARY`))), [found], word);
});

test('each part of Exif is told by its own name, in both orders of bytes and in every format', () => {
  const parts = [
    [{ main: [[0x010f, 2, 'Maker\0']] }, ['camera']],
    [{ main: [[0x0132, 2, '2026:11:21 10:00:00\0']] }, ['time']],
    [{ main: [], exif: [[0xa430, 2, 'Somebody\0']] }, ['person']],
    [{ main: [], exif: [[0xa431, 2, '12345678\0']] }, ['camera']],
    [{ main: [], gps: [[2, 5, [55, 1, 40, 1, 34, 1]]] }, ['place']],
    [{ main: [], gps: [[0, 1, [2, 3, 0, 0]]] }, ['other']],
    [{ main: [], gps: [[0x1d, 2, '2026:11:21\0']] }, ['time']],
    [{ main: [], small: [[0x0201, 4, [8]]] }, ['thumbnail']],
    [{ main: [[0x0128, 3, [2]], [0x0213, 3, [1]]] }, ['other']],
    [{ main: [turned(1)] }, []],
    [{ main: [turned(3)] }, []],
  ];
  for (const little of [true, false]) {
    for (const [directories, found] of parts) {
      for (const kind of kinds) assert.deepEqual(foundIn(withExif[kind](tiff(directories, little))), found, JSON.stringify(directories));
    }
  }
});

test('every turn is kept, written anew in one form, and an upright photo has none', () => {
  for (const kind of kinds) {
    for (let orientation = 2; orientation <= 8; orientation++) {
      for (const little of [true, false]) {
        const { bytes } = clean(withExif[kind](exif({ orientation, little })));
        same(bytes, withExif[kind](fresh(orientation)), `${kind} ${orientation}`);
      }
    }
    for (const orientation of [0, 1, 9, 0x4341]) {
      assert.ok(!Buffer.from(clean(withExif[kind](exif({ orientation }))).bytes).includes('MM\0*'), `${kind} ${orientation}`);
    }
  }
});

test('an orientation that is no single short turns nothing', () => {
  for (const entry of [[0x0112, 4, [6]], [0x0112, 3, [6, 6]], [0x0112, 2, '6\0']]) {
    for (const kind of kinds) assert.ok(!Buffer.from(clean(withExif[kind](tiff({ main: [entry] }))).bytes).includes('MM\0*'));
  }
});

test('of two Exif blocks the first one turns the picture', () => {
  const blocks = [exif({ orientation: 1 }), exif({ orientation: 6 })];
  same(clean(withTrace.jpeg(...blocks.map((block) => segment(0xe1, EXIF, block)))).bytes, pictures.jpegBaseline);
  same(clean(withTrace.png(...blocks.map((block) => chunk('eXIf', block)))).bytes, pictures.png);
  same(clean(withTrace.webp(...blocks.map((block) => riff('EXIF', block)))).bytes, webpWith(pictures.webpLossy));
});

test('Exif whose directories point at each other, at themselves or nowhere is removed all the same', () => {
  const block = exif();
  const main = 8;
  const count = block.readUInt16BE(main);
  const next = main + 2 + 12 * count;
  const pointers = [next - 16, next - 4].filter((at) => [0x8769, 0x8825].includes(block.readUInt16BE(at - 8)));
  assert.equal(pointers.length, 2);
  for (const place of [4, next, ...pointers]) {
    for (const target of [0, 1, main, main + 1, block.length - 1, block.length, 0x7fffffff, 0xffffffff]) {
      const bent = Buffer.from(block);
      bent.writeUInt32BE(target, place);
      for (const kind of kinds) assert.ok(!Buffer.from(clean(withExif[kind](bent)).bytes).includes(CANARY));
    }
  }
  const endless = Buffer.concat([block.subarray(0, main), Buffer.from([0xff, 0xff]), block.subarray(main + 2)]);
  for (const broken of [endless, Buffer.from('CANARY'), Buffer.from('MM\0*'), Buffer.alloc(0)]) {
    for (const kind of kinds) assert.ok(!Buffer.from(clean(withExif[kind](broken)).bytes).includes(CANARY));
  }
});

test('a JPEG keeps its density, its Adobe marker and its colour profile, and loses the thumbnail between them', () => {
  const [first, ...rest] = segmentsOf(pictures.jpegColour);
  const thumbnail = segment(0xe0, first.bytes.subarray(4, 16), [2, 2], 'CANARY-THUMB');
  const { bytes, found } = clean(Buffer.concat([JPEG, thumbnail, ...rest.map((one) => one.bytes), END]));
  same(bytes, pictures.jpegColour);
  assert.deepEqual(found, ['thumbnail']);
  const longer = segmentsOf(pictures.jpegCmyk).map((one) => (one.marker === 0xee ? segment(0xee, one.bytes.subarray(4), CANARY) : one.bytes));
  assert.notEqual(Buffer.concat([JPEG, ...longer, END]).length, pictures.jpegCmyk.length);
  same(clean(Buffer.concat([JPEG, ...longer, END])).bytes, pictures.jpegCmyk);
  assert.deepEqual(foundIn(Buffer.concat([JPEG, ...longer, END])), ['other']);
  assert.ok(pictures.jpegColour.includes('ICC_PROFILE'));
});

test('fill bytes and TEM markers are no picture', () => {
  same(clean(withTrace.jpeg(Buffer.from([0xff, 0x01]), Buffer.alloc(99, 0xff), jpegTraces.comment, Buffer.from([0xff]))).bytes, pictures.jpegBaseline);
});

test('in a scan, stuffed zeros, restarts and fill bytes before them are the picture', () => {
  const scan = Buffer.from([1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xff, 0xd7, 4, 0xff, 0xff, 0, 5]);
  const pieces = segmentsOf(pictures.jpegBaseline).slice(0, -1).map(({ bytes }) => bytes);
  const photo = Buffer.concat([JPEG, ...pieces, scan, END]);
  same(clean(photo).bytes, photo);
  same(clean(Buffer.concat([JPEG, ...pieces, scan, Buffer.from([0xff, 0xff]), jpegTraces.comment, END])).bytes, photo);
});

test('a JPEG with anything between its segments, without a frame, a scan or an end is refused', () => {
  const pieces = segmentsOf(pictures.jpegBaseline);
  const whole = (list) => Buffer.concat([JPEG, ...list.map(({ bytes }) => bytes), END]);
  same(whole(pieces), pictures.jpegBaseline);
  refused(whole(pieces).subarray(0, -2), 'no end');
  refused(whole(pieces.filter(({ marker }) => marker !== 0xc0)), 'no frame');
  refused(whole(pieces.filter(({ marker }) => marker !== 0 && marker !== 0xda)), 'no scan');
  refused(Buffer.concat([JPEG, END]));
  for (const odd of [[0], [0xff, 0], [0xff, 0xd8], [0xff, 0xd0], [0xff, 0x02, 0, 2], [0xff, 0xc8, 0, 2], [0xff, 0xf0, 0, 2], [0xff, 0xe5, 0, 1], [0xff, 0xe5, 0, 0]]) {
    refused(withTrace.jpeg(Buffer.from(odd)), String(odd));
  }
});

test('a JPEG table that is longer or shorter than it says is refused', () => {
  const pieces = segmentsOf(pictures.jpegRestarts);
  const checked = [0xc0, 0xc4, 0xda, 0xdb, 0xdd];
  for (const wanted of checked) {
    const i = pieces.findIndex(({ marker }) => marker === wanted);
    for (const body of [Buffer.concat([pieces[i].bytes.subarray(4), Buffer.from(CANARY)]), pieces[i].bytes.subarray(4, -1), Buffer.alloc(0)]) {
      refused(Buffer.concat([JPEG, ...pieces.map(({ bytes }, j) => (i === j ? segment(wanted, body) : bytes)), END]), wanted.toString(16));
    }
  }
});

test('a PNG keeps what its colours and its movement need', () => {
  const kept = ['tRNS', 'gAMA', 'cHRM', 'sRGB', 'sBIT', 'pHYs', 'bKGD', 'cICP'].map((type) => chunk(type, [1]));
  const photo = pngWith(pictures.apng, { before: [...kept, chunk('iCCP', 'name\0\0', 'profile')] });
  same(clean(photo).bytes, photo);
  assert.deepEqual(chunksOf(pictures.apng).map(({ type }) => type).filter((type) => /^[a-z]/.test(type)), ['acTL', 'fcTL', 'fcTL', 'fdAT']);
});

test('a PNG with a wrong sum, a strange critical chunk, or text in a chunk that has no room for it is refused', () => {
  const changed = Buffer.from(pictures.png);
  changed[changed.indexOf('IHDR') + 7] ^= 1;
  refused(changed);
  for (const odd of [chunk('CgBI', [1]), chunk('gAMA', 'CANARY'), chunk('a1b2'), chunk('\0\0\0\0'), chunk('IHDR'), chunk('Zzzz')]) refused(withTrace.png(odd));
  const [header, ...rest] = chunksOf(pictures.png).map(({ bytes }) => bytes);
  const signature = pictures.png.subarray(0, 8);
  refused(Buffer.concat([signature, ...rest]), 'no header');
  refused(Buffer.concat([signature, header, chunk('IEND')]), 'no picture');
  refused(Buffer.concat([signature, header, ...rest.slice(0, -1), chunk('IEND', CANARY)]), 'text in the end');
});

test('the pixels of a PNG go on as they are, whatever their sum', () => {
  const changed = Buffer.from(pictures.png);
  changed[changed.indexOf('IDAT') + 5] ^= 1;
  same(clean(changed).bytes, changed);
});

test('what an editor cropped away behind a PNG is gone', () => {
  const cropped = Buffer.concat([pictures.png, ...chunksOf(planted.png).map(({ bytes }) => bytes)]);
  const { bytes, found } = clean(cropped);
  same(bytes, pictures.png);
  assert.deepEqual(found, ['trailing']);
});

test('a WebP without a header, or whose header does not speak of Exif, is turned by none', () => {
  const pieces = riffOf(pictures.webpLossy.subarray(12)).map(({ bytes }) => bytes);
  same(clean(riff('RIFF', 'WEBP', ...pieces, webpTraces.exif, webpTraces.xmp)).bytes, pictures.webpLossy);
  same(clean(webpWith(pictures.webpLossy, { between: [webpTraces.exif] })).bytes, webpWith(pictures.webpLossy));
});

test('the header of a WebP says only what is there', () => {
  const photo = webpWith(pictures.webpAlpha, { flags: 0xcd });
  photo.set([67, 65, 78], 21); // reserved bytes
  same(clean(photo).bytes, pictures.webpAlpha);
});

test('a frame of a WebP animation loses chunks that are no picture', () => {
  const pieces = riffOf(pictures.webpAnimated.subarray(12));
  const framed = pieces.map(({ type, bytes, body }) => (type === 'ANMF' ? riff(type, body, riff('CAN!', CANARY), webpTraces.exif) : bytes));
  const { bytes, found } = clean(riff('RIFF', 'WEBP', ...framed));
  same(bytes, pictures.webpAnimated);
  assert.deepEqual(found, ['other']);
});

test('a byte that only pads a WebP chunk is zero again', () => {
  const padded = withTrace.webp(riff('ICCP', 'odd'));
  const spoilt = Buffer.from(padded);
  spoilt[spoilt.length - 1] = 67;
  same(clean(spoilt).bytes, clean(padded).bytes);
  assert.equal(clean(spoilt).bytes.at(-1), 0);
});

test('a WebP whose chunks do not add up, come twice or in another order is refused', () => {
  const pieces = riffOf(pictures.webpAlpha.subarray(12)).map(({ bytes }) => bytes);
  const whole = (...list) => riff('RIFF', 'WEBP', ...list);
  same(whole(...pieces), pictures.webpAlpha);
  refused(whole(...pieces, ...pieces), 'twice');
  refused(whole(...pieces, pieces.at(-1)), 'two pictures');
  refused(whole(...pieces.slice(1)), 'alpha first');
  refused(whole(pieces[0]), 'no picture');
  refused(whole(riff('VP8X', 'CANARY-CANARY'), ...pieces.slice(1)), 'a long header');
  refused(whole(...pieces, riff('ANIM', CANARY, CANARY)), 'a long ANIM');
  refused(whole(...pieces, riff('ANMF', 'short')), 'a short frame');
  refused(whole(...pieces, Buffer.from('CAN')), 'a rest');
  const longer = Buffer.from(pictures.webpLossy);
  longer.writeUInt32LE(longer.length, 4);
  refused(longer);
});

// --- Hostile

/** @returns {{bytes: Uint8Array, found: string[]} | null} */
function cleanOrNull(bytes) {
  try {
    return clean(bytes);
  } catch (error) {
    if (!(error instanceof PhotoUnreadable)) throw error;
    return null;
  }
}

test('millions of bytes in the smallest pieces are read in one go', { timeout: 60_000 }, () => {
  const many = 200_000; // more than a function takes as arguments
  const repeated = (piece, times = many) => Buffer.alloc(piece.length * times, piece);
  const jpeg = segmentsOf(pictures.jpegBaseline);
  const stuffed = Buffer.concat([JPEG, ...jpeg.slice(0, -1).map(({ bytes }) => bytes), repeated(Buffer.from([0xff, 0])), END]);
  same(clean(stuffed).bytes, stuffed);
  same(clean(withTrace.jpeg(Buffer.alloc(many * 10, 0xff))).bytes, pictures.jpegBaseline);
  same(clean(withTrace.jpeg(repeated(segment(0xfe)))).bytes, pictures.jpegBaseline);
  same(clean(withTrace.jpeg(repeated(segment(0xed, Buffer.alloc(60_000, 0x1c)), 100))).bytes, pictures.jpegBaseline);
  same(clean(withTrace.jpeg(repeated(segment(0xe1, EXIF, tiff({ main: Array(5000).fill(turned(1)) })), 50))).bytes, pictures.jpegBaseline);
  const moving = withTrace.png(repeated(chunk('fdAT')));
  same(clean(moving).bytes, moving);
  same(clean(withTrace.png(repeated(chunk('prVt')))).bytes, pictures.png);
  const frames = withTrace.webp(repeated(riff('ANMF', Buffer.alloc(16))));
  assert.equal(clean(frames).bytes.length, frames.length);
  same(clean(withTrace.webp(repeated(riff('CAN!')))).bytes, webpWith(pictures.webpLossy));
});

test('a plain array of bytes is cleaned as a buffer is, and stays as it was', () => {
  for (const name of Object.keys(planted)) {
    const given = new Uint8Array(planted[name]);
    same(clean(given).bytes, clean(planted[name]).bytes);
    same(given, planted[name]);
  }
});
