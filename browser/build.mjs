// Bundles browser/src/main.js into the one script that intake serves, the same bytes every time; with --check, builds in memory
// and fails if the committed bytes differ. Instance, root and card are not in it: they stay in ./instance.js, rendered by intake.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'templates', 'intake', 'whistle.js');

// typage also knows passphrases and the NIST curves, which Whistle never uses (spec section 6.4). They are a sixth of the bytes:
// in the bundle stands what their names need to load, and whoever called one would get an error.
const ABSENT = `
  const lengths = { secretKey: 1, publicKey: 1, publicKeyUncompressed: 1, seed: 1 };
  export const p256 = { lengths, Point: { Fn: {} }, getSharedSecret: lengths };
  export const p384 = p256;
  export const scrypt = undefined;`;
/** @type {import('esbuild').Plugin} */
const absent = {
  name: 'absent',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@noble\/(hashes\/scrypt|curves\/nist)\.js$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: ABSENT }));
  },
};

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: ['src/main.js'],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022', // typage has class fields and private methods; every browser with them has BigInt and WebCrypto
  charset: 'utf8',
  legalComments: 'none',
  external: ['./instance.js'],
  plugins: [absent],
  write: false,
});
const bytes = outputFiles[0].contents;

if (process.argv.includes('--check')) {
  if (!existsSync(target) || !readFileSync(target).equals(bytes)) {
    console.error('templates/intake/whistle.js is not what browser/src builds: run node browser/build.mjs and commit it.');
    process.exit(1);
  }
} else {
  writeFileSync(target, bytes);
}
console.log(`whistle.js: ${bytes.length} bytes, gzip ${gzipSync(bytes, { level: 9 }).length}, brotli ${brotliCompressSync(bytes).length}`);
