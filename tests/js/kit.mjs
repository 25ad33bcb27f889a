// Hands the public age test kit (npm cctv-age), typage, the independent age, and the browser's way with files and identities to
// the Python tests. One command per line of standard input, one answer per line of standard output; bytes are base64. It decides
// nothing itself.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { hex, sha256 } from '../../browser/src/bytes.js';
import { sealIdentity } from '../../browser/src/identity.js';
import { receiveFile, Transfer } from '../../browser/src/files.js';
import { partRecord } from '../../browser/src/parts.js';

const require = createRequire(new URL('../../browser/package.json', import.meta.url));
const typage = await import(require.resolve('age-encryption'));
const kit = require('cctv-age');

const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));
const text = (bytes) => Buffer.from(bytes).toString('base64');

const commands = {
  kit: () => Object.fromEntries(Object.entries(kit).map(([name, file]) => [name, text(file)])),
  async seal({ plaintext, recipients }) {
    const encrypter = new typage.Encrypter();
    for (const recipient of recipients) encrypter.addRecipient(recipient);
    return text(await encrypter.encrypt(bytes(plaintext)));
  },
  async open({ file, identity }) {
    const decrypter = new typage.Decrypter();
    decrypter.addIdentity(identity);
    return text(await decrypter.decrypt(bytes(file)));
  },
  seal_identity: ({ given, rings }) => sealIdentity(given, { rings: { a: { text: rings.a }, b: { text: rings.b } } }),
  async send_file({ plaintext, name, recipient }) {
    const records = [];
    const take = (record) => hex(sha256(records[records.push(record) - 1].subarray(28)));
    const intake = {
      pauses: [], challenge: async () => ({ challenge: 'c', difficulty: 0 }),
      begin: async (body) => take(body.subarray(75)), part: async (_, record) => take(record),
    };
    const keys = { boxId: new Uint8Array(32), accessToken: new Uint8Array(32) };
    const way = { keys, intake, recipient, random: (n) => crypto.getRandomValues(new Uint8Array(n)) };
    const file = await new Transfer({ file: new Blob([bytes(plaintext)]), name, type: '' }, way).run();
    return { file, records: records.map(text) };
  },
  async fetch_file({ sealed, size, identity }) {
    const whole = bytes(sealed);
    const filePart = async (_, id, index) => partRecord(id, whole.length, index, whole.subarray(index * 262144, (index + 1) * 262144));
    const file = { id: '00'.repeat(16), name: 'x', type: '', size, sealed: hex(sha256(whole)) };
    const blob = await receiveFile(file, { keys: { identity }, intake: { pauses: [], filePart } });
    return text(new Uint8Array(await blob.arrayBuffer()));
  },
  recipient: ({ identity }) => typage.identityToRecipient(identity),
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { command, ...given } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await commands[command](given))}\n`);
}
