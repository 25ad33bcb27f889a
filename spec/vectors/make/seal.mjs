// Seals what stands on standard input with typage: a list of {recipients, plaintext (base64)} becomes a list of age files in
// base64. It never chooses what is sealed; a recipient that begins with `age1` and no `pq` is stock X25519.
import { Encrypter } from "age-encryption";

let text = "";
for await (const piece of process.stdin) text += piece;
const files = [];
for (const { recipients, plaintext } of JSON.parse(text)) {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  files.push(Buffer.from(await encrypter.encrypt(Buffer.from(plaintext, "base64"))).toString("base64"));
}
console.log(JSON.stringify(files));
