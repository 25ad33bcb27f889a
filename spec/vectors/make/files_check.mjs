// A second opinion on files.json: typage opens every file that is taken and finds in it the bytes that the vectors give. It never looks
// at refusals.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Decrypter } from "age-encryption";

const { cases, parts, given } = JSON.parse(readFileSync(process.argv[2] ?? new URL("../files.json", import.meta.url), "utf8"));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function bytes(recipe) {
  if (typeof recipe === "string") return Buffer.from(recipe);
  if ("hex" in recipe) return Buffer.from(recipe.hex, "hex");
  if ("base64" in recipe) return Buffer.from(recipe.base64, "base64");
  if ("join" in recipe) return Buffer.concat(recipe.join.map(bytes));
  if ("repeat" in recipe) return Buffer.concat(Array(recipe.times).fill(bytes(recipe.repeat)));
  return bytes(parts[recipe.part]).subarray(recipe.from ?? 0, recipe.to);
}

for (const { name, input, expect } of cases.filter(({ expect }) => expect !== "refused")) {
  const records = input.records.map(bytes).sort((a, b) => a.readUInt32BE(24) - b.readUInt32BE(24));
  const sealed = Buffer.concat(records.map((record) => record.subarray(28)));
  const decrypter = new Decrypter();
  decrypter.addIdentity(given.identity);
  const plain = Buffer.from(await decrypter.decrypt(sealed));
  const right = sha256(sealed) === input.file.sealed && sha256(plain.subarray(0, expect.size)) === expect.sha256;
  if (!right || plain.subarray(expect.size).some((byte) => byte !== 0)) throw Error(name);
}
