// Bundles browser/src/main.js into the one script that intake serves, the same bytes every time; with --check, builds in memory
// and fails if the committed bytes differ. Instance, root and card are not in it: they stay in ./instance.js, rendered by intake.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'templates', 'intake', 'whistle.js');

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
