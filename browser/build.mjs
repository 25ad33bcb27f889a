// Bundles what is in browser/src into the scripts that intake serves, one for each kind of page and one for photos, the same bytes every
// time; with --check, builds in memory and fails if the committed bytes differ. No script needs another one, so that a page is few
// requests. Instance, root and card are in none: they stay in ./instance.js, rendered by intake.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const served = join(here, '..', 'templates', 'intake');
const SCRIPTS = { leave: 'leave-page', report: 'report-page', mailbox: 'mailbox-page', photos: 'photos' };

// typage also knows passphrases, X25519 alone and the NIST curves, which Whistle never uses (spec section 6.4), and cannot itself tell
// that nobody asks for them: a quarter of the bytes. In the bundle their names lead nowhere; the files of typage stay as they are.
const HYBRID_ALONE = `
  export * from 'real-recipients'; // what stands below hides its namesakes
  class Absent {}
  export { Absent as ScryptIdentity, Absent as ScryptRecipient, Absent as X25519Identity, Absent as X25519Recipient };
  export { Absent as TagRecipient, Absent as HybridTagRecipient, Absent as generateX25519Identity };`;
/** @type {import('esbuild').Plugin} */
const hybridAlone = {
  name: 'hybrid-alone',
  setup({ onResolve, onLoad }) {
    const recipients = fileURLToPath(import.meta.resolve('age-encryption').replace('index.js', 'recipients.js'));
    onResolve({ filter: /^\.\/recipients\.js$/ }, () => ({ path: 'recipients', namespace: 'hybrid-alone' }));
    onResolve({ filter: /^real-recipients$/ }, () => ({ path: recipients, sideEffects: false }));
    onLoad({ filter: /./, namespace: 'hybrid-alone' }, () => ({ contents: HYBRID_ALONE }));
    onLoad({ filter: /post-quantum.hybrid\.js$/ }, ({ path }) => ({ contents: pure(readFileSync(path, 'utf8')) }));
  },
};

/** @param {string} module whose constants are made by calls: each is left out if nobody uses it */
function pure(module) {
  return module.replace(/^(?:export )?const \w+ = \w+\(.*$/gm, (line) => line.replace(/(?<=[ (])\w+\(/g, '/* @__PURE__ */ $&'));
}

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: Object.entries(SCRIPTS).map(([out, source]) => ({ in: `src/${source}.js`, out })),
  outdir: served,
  bundle: true,
  minify: true,
  splitting: false,
  format: 'esm',
  target: 'es2022', // typage has class fields and private methods; every browser with them has BigInt and WebCrypto
  charset: 'utf8',
  legalComments: 'none',
  external: ['./instance.js'],
  plugins: [hybridAlone],
  write: false,
});

for (const { path, text } of outputFiles) {
  const name = basename(path);
  const { code = '' } = await minify(text, { module: true, ecma: 2020, compress: { passes: 2 } }); // a twentieth less than esbuild's own
  const contents = Buffer.from(code);
  if (!process.argv.includes('--check')) writeFileSync(path, contents);
  else if (!existsSync(path) || !readFileSync(path).equals(contents)) {
    console.error(`templates/intake/${name} is not what browser/src builds: run node browser/build.mjs and commit it.`);
    process.exitCode = 1;
  }
  const [gzip, brotli] = [gzipSync(contents, { level: 9 }), brotliCompressSync(contents)];
  console.log(`${name}: ${contents.length} bytes, gzip ${gzip.length}, brotli ${brotli.length}`);
}
