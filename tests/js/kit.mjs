// Hands the public age test kit (npm cctv-age) and typage, the independent age, to the Python tests. One command per line
// of standard input, one answer per line of standard output; bytes are base64. It decides nothing itself.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

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
  recipient: ({ identity }) => typage.identityToRecipient(identity),
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { command, ...given } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await commands[command](given))}\n`);
}
