// A pair of hands in Firefox, set as near to Tor Browser at "Safer" as its preferences allow. Reads one order a line from standard
// input, a JSON list of a name and its arguments, and answers each with one line. Knows no page of ours.
// Usage: node firefox.mjs PROGRAM PROXY-PORT

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(new URL('../../browser/package.json', import.meta.url));
const { default: puppeteer } = await import(require.resolve('puppeteer-core'));
const [program = '', proxy = ''] = process.argv.slice(2);

const SAFER = {
  'javascript.options.wasm': false,
  'javascript.options.wasm_trustedprincipals': false,
  'javascript.options.asmjs': false,
  'javascript.options.ion': false,
  'javascript.options.baselinejit': false,
  'javascript.options.native_regexp': false,
  'mathml.disabled': true,
  'gfx.font_rendering.graphite.enabled': false,
  'gfx.font_rendering.opentype_svg.enabled': false,
  'webgl.disabled': true,
  'dom.webaudio.enabled': false,
};
const TOR_BROWSER = {
  'privacy.resistFingerprinting': true,
  'privacy.resistFingerprinting.letterboxing': true,
  'privacy.spoof_english': 2,
  'privacy.firstparty.isolate': true,
  'browser.privatebrowsing.autostart': true,
  'browser.cache.disk.enable': false,
  'browser.formfill.enable': false,
  'browser.sessionstore.privacy_level': 2,
  'dom.security.https_only_mode': true, // spares loopback, as it spares onions
  'dom.serviceWorkers.enabled': false,
  'dom.push.enabled': false,
  'beacon.enabled': false,
  'geo.enabled': false,
  'media.peerconnection.enabled': false,
  'network.cookie.cookieBehavior': 1,
  'network.dns.disablePrefetch': true,
  'network.http.speculative-parallel-limit': 0,
  'network.predictor.enabled': false,
  'network.prefetch-next': false,
  'security.nocertdb': true,
};
// Tor Browser reaches everything through a proxy. So does this one; but loopback, where the test is, it reaches itself.
const PROXY = {
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': Number(proxy),
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': Number(proxy),
  'network.proxy.no_proxies_on': '127.0.0.1',
  'network.proxy.failover_direct': false,
};

const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: program,
  headless: true,
  defaultViewport: null, // letterboxing gives no window the size that is asked for, and puppeteer would wait for it
  userDataDir: profile,
  extraPrefsFirefox: { ...SAFER, ...TOR_BROWSER, ...PROXY },
  args: ['-private'],
});

/** @type {string[]} */
const asked = [];
/** @type {string[]} */
const complaints = [];
const page = await browser.newPage();
page.on('request', (request) => asked.push(request.url()));
page.on('console', (message) => ['error', 'warn', 'assert'].includes(message.type()) && complaints.push(message.text()));
page.on('pageerror', (error) => complaints.push(String(error)));

/** @type {Record<string, (...given: any[]) => Promise<unknown>>} */
const orders = {
  goto: async (address) => void (await page.goto(address)),
  evaluate: (expression) => page.evaluate(expression),
  click: (selector) => page.locator(selector).click(),
  fill: (selector, text) => page.locator(selector).fill(text),
  set_input_files: async (selector, path) => {
    const input = await page.$(selector);
    await input?.uploadFile(path);
  },
  noticed: async () => ({ asked, complaints }),
  version: () => browser.version(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...given] = JSON.parse(line);
  const answer = await orders[name]?.(...given).then(
    (value) => ({ value: value ?? null }),
    (error) => ({ error: String(error) }),
  );
  console.log(JSON.stringify(answer));
}
await browser.close();
rmSync(profile, { recursive: true, force: true });
