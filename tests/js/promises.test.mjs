// What our browser code promises never to do, read from its source: it keeps nothing, shows no markup, and fetches in one place.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const source = new URL('../../browser/src/', import.meta.url);
const files = readdirSync(source, { recursive: true }).filter((name) => name.endsWith('.js'))
  .map((name) => ({ name, text: readFileSync(new URL(name, source), 'utf8').replace(/\/\*.*?\*\/|^\s*(\/\/|\/\*|\*).*$/gm, '') }));

const mentions = (pattern) => files.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

test('the modules of the protocol are there to be read', () => {
  assert.ok(files.length >= 22);
});

for (const [what, pattern] of Object.entries({
  'writes to storage': /localStorage|sessionStorage|indexedDB|caches\b|document\.cookie/,
  'writes to the console': /console\./,
  'turns text into markup': /innerHTML|outerHTML =|insertAdjacentHTML|document\.write|DOMParser|srcdoc/,
  'runs text as a program': /\beval\b|new Function|WebAssembly|new Worker/,
  'draws weak randomness': /Math\.random/,
})) {
  test(`no module ${what}`, () => assert.deepEqual(mentions(pattern), []));
}

test('only the way back and the way out touch the history', () => {
  assert.deepEqual(mentions(/history\.|pushState|replaceState/), ['pages/back.js', 'pages/leave.js']);
});

test('only intake.js talks to the network', () => {
  assert.deepEqual(mentions(/\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|RTCPeerConnection/), ['intake.js']);
});

test('one script is loaded later, and only the one that cleans photos', () => {
  assert.deepEqual(mentions(/import\((?!\`\/photos\.js#)/), []);
  assert.deepEqual(mentions(/import\(/), ['pages/care.js']);
});

test('only seal.js hands anything to age', () => {
  assert.deepEqual(mentions(/from 'age-encryption'/), ['seal.js']);
});

test('every module opens by saying what it is for', () => {
  const silent = readdirSync(source, { recursive: true }).filter((name) => name.endsWith('.js'))
    .filter((name) => !/^\/\/ @ts-check\n\/\/ [A-Z]/.test(readFileSync(new URL(name, source), 'utf8')));
  assert.deepEqual(silent, []);
});
