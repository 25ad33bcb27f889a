// Makes derivation.json with noble alone: what a case code and an instance derive (section 5). derivation_check.py derives the same
// again with hashlib, PyNaCl and `cryptography`, and compares.
import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bech32 } from "@scure/base";
import { identityToRecipient } from "age-encryption";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const named = (name) => createHash("sha256").update(`whistle vectors: ${name}`).digest().subarray(0, 16);

async function derived(code, instance) {
  const part = (name) => hkdf(sha256, code, instance, Buffer.from(`whistle/1 reporter ${name}\0`), 32);
  const signing = ed25519.getPublicKey(part("signing"));
  const identity = bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", part("age")).toUpperCase();
  const recipient = await identityToRecipient(identity);
  const raw = bech32.fromWords(bech32.decode(recipient, false).words);
  return {
    signing_seed: hex(part("signing")), signing: hex(signing),
    age_seed: hex(part("age")), age_identity: identity, recipient, recipient_digest: hex(sha256(raw)),
    access_token: hex(part("access")), board: hex(part("board")),
    box: hex(sha256(Buffer.concat([Buffer.from("whistle/1 box\0"), signing, raw]))),
  };
}

const asked = [
  ["zeros everywhere", Buffer.alloc(16), Buffer.alloc(16)],
  ["ones everywhere", Buffer.alloc(16, 255), Buffer.alloc(16, 255)],
  ["the reporter of these vectors", Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"), Buffer.from("101112131415161718191a1b1c1d1e1f", "hex")],
  ["the same code in another instance gives nothing that is the same", Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"), named("other instance")],
  ["a random code", named("code 0"), named("instance")],
  ["another random code", named("code 1"), named("instance")],
];
const rows = [];
for (const [name, code, instance] of asked) {
  rows.push("  " + JSON.stringify({ name, input: { code: hex(code), instance: hex(instance) }, expect: await derived(code, instance) }));
}
console.log(`{\n"about": "What a case code derives: keys, recipient, access token and box id.",\n"count": ${rows.length},\n"cases": [\n${rows.join(",\n")}\n]\n}`);
