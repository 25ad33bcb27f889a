// Makes signatures.json with noble's points: good signatures, and forged ones built so that the equation of a lax verifier (cofactored,
// any encoding, any S) still holds. PyNaCl's answers are compared in signatures_check.py.
import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const P = Point.Fp.ORDER;
const B = Point.BASE;
const CONTENT = "whistle/1 reporter content";
const MESSAGE = '{"protocol":"whistle/1"}';
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const sha512 = (...pieces) => createHash("sha512").update(Buffer.concat(pieces)).digest();
const seedOf = (name) => createHash("sha256").update(`whistle vectors: ${name}`).digest();
const number = (bytes) => BigInt("0x" + (hex(Buffer.from(bytes).reverse()) || "0"));
const little = (value) => Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
const mod = (value) => ((value % L) + L) % L;
const times = (point, value) => (mod(value) === 0n ? Point.ZERO : point.multiplyUnsafe(mod(value)));
const labelled = (label, message) => Buffer.concat([Buffer.from(label + "\0"), Buffer.from(message)]);
const challenge = (R, A, data) => mod(number(sha512(Buffer.from(R), Buffer.from(A), data)));

/** A point of order 8, and with it all eight points of small order. */
const eighth = (() => {
  for (let y = 2n; ; y++) {
    try {
      const torsion = times(Point.fromBytes(little(y), true), L - 1n).add(Point.fromBytes(little(y), true));
      if (!torsion.multiplyUnsafe(4n).is0()) return torsion;
    } catch {
      continue;
    }
  }
})();
const small = (n) => (n === 0 ? Point.ZERO : eighth.multiplyUnsafe(BigInt(n)));
const order = (n) => [1, 8, 4, 8, 2, 8, 4, 8][n];

/** Does any lax verifier accept? Encodings as ZIP 215 reads them, S reduced, the equation times eight. */
function lax(data, A, signature) {
  try {
    const R = signature.subarray(0, 32);
    const left = times(B, number(signature.subarray(32)));
    const right = Point.fromBytes(R, true).add(times(Point.fromBytes(A, true), challenge(R, A, data)));
    return left.subtract(right).clearCofactor().is0();
  } catch {
    return false;
  }
}

const rows = [];
function add(name, label, message, A, signature, error, mustBeLax) {
  const input = { label, message, public_key: hex(A), signature: hex(signature) };
  const fooled = lax(labelled(label, message), A, Buffer.from(signature));
  if (mustBeLax && !fooled) throw Error(name);
  rows.push("  " + JSON.stringify(error ? { name, input, expect: "refused", error, ...(fooled && { lax: true }) } : { name, input, expect: "verified" }));
}
const flip = (bytes, bit) => Buffer.from(bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));

const secret = seedOf("signer");
const A = Buffer.from(ed25519.getPublicKey(secret));
const a = mod(number(((h) => { h[0] &= 248; h[31] = (h[31] & 127) | 64; return h; })(sha512(secret).subarray(0, 32))));
const signed = (label, message, by = secret) => Buffer.from(ed25519.sign(labelled(label, message), by));

for (const label of ["whistle/1 card", CONTENT, "whistle/1 voice content", "whistle/1 receipt", "whistle/1 log head"]) {
  add(`a good signature under ${label}`, label, MESSAGE, A, signed(label, MESSAGE));
}
add("a good signature of nothing", CONTENT, "", A, signed(CONTENT, ""));
add("a good signature of Danish letters", CONTENT, "blåbærgrød", A, signed(CONTENT, "blåbærgrød"));
const rfc = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
add("a good signature by the first key of RFC 8032", CONTENT, MESSAGE, ed25519.getPublicKey(rfc), signed(CONTENT, MESSAGE, rfc));

const good = signed(CONTENT, MESSAGE);
add("signed under the label of a voice", CONTENT, MESSAGE, A, signed("whistle/1 voice content", MESSAGE), "equation");
add("signed under the label of the card", CONTENT, MESSAGE, A, signed("whistle/1 card", MESSAGE), "equation");
add("signed without any label", CONTENT, MESSAGE, A, ed25519.sign(Buffer.from(MESSAGE), secret), "equation");
add("signed without the zero byte of the label", CONTENT, MESSAGE, A, ed25519.sign(Buffer.from(CONTENT + MESSAGE), secret), "equation");
add("signed under a label with a space after it", CONTENT, MESSAGE, A, signed(CONTENT + " ", MESSAGE), "equation");
add("signed over another message", CONTENT, MESSAGE, A, signed(CONTENT, MESSAGE + " "), "equation");
add("signed by another key", CONTENT, MESSAGE, A, signed(CONTENT, MESSAGE, seedOf("other signer")), "equation");
add("checked with another key", CONTENT, MESSAGE, ed25519.getPublicKey(seedOf("other signer")), good, "equation");
add("the first bit of S flipped", CONTENT, MESSAGE, A, flip(good, 256), "equation");
add("a bit in the middle of S flipped", CONTENT, MESSAGE, A, flip(good, 380), "equation");
add("one letter of the message changed", CONTENT, MESSAGE.replace("1", "2"), A, good, "equation");
add("S is zero", CONTENT, MESSAGE, A, Buffer.concat([good.subarray(0, 32), Buffer.alloc(32)]), "equation");
add("R of another good signature", CONTENT, MESSAGE, A, Buffer.concat([signed(CONTENT, "a").subarray(0, 32), good.subarray(32)]), "equation");

const S = number(good.subarray(32));
const withS = (value) => Buffer.concat([good.subarray(0, 32), little(value)]);
add("S plus the order of the group", CONTENT, MESSAGE, A, withS(S + L), "scalar", true);
add("S plus twice the order", CONTENT, MESSAGE, A, withS(S + 2n * L), "scalar", true);
add("S plus the largest multiple of the order that fits 32 bytes", CONTENT, MESSAGE, A, withS(S + L * (((1n << 256n) - 1n - S) / L)), "scalar", true);
add("S with its highest bit set", CONTENT, MESSAGE, A, flip(good, 511), "scalar");
add("S is the order itself", CONTENT, MESSAGE, A, withS(L), "scalar");

/** Sign for a public key a·B + torsion, trying nonces until the torsion vanishes from the exact equation, or until it does not. */
function signFor(key, secretScalar, message, R = (r) => times(B, r).toBytes(), exact = true) {
  for (let i = 0; ; i++) {
    const r = mod(number(sha512(seedOf("nonce"), Buffer.from(`${i}`))));
    const point = Buffer.from(R(r));
    const k = challenge(point, key, labelled(CONTENT, message));
    if (exact ? k % 8n === 0n : k % 2n === 1n) return Buffer.concat([point, little(mod(r + k * secretScalar))]);
  }
}

for (let n = 0; n < 8; n++) {
  const key = Buffer.from(small(n).toBytes());
  add(n === 0 ? "A is the identity" : `A has order ${order(n)} (${n} times the point of order 8)`, CONTENT, MESSAGE, key, signFor(key, 0n, MESSAGE), "public_key", true);
}
for (const n of [1, 2, 4]) {
  const key = Buffer.from(times(B, a).add(small(n)).toBytes());
  add(`A is a good key plus a point of order ${order(n)}, the equation holds exactly`, CONTENT, MESSAGE, key, signFor(key, a, MESSAGE), "public_key", true);
  add(`A is a good key plus a point of order ${order(n)}, only the cofactored equation holds`, CONTENT, MESSAGE, key,
    signFor(key, a, MESSAGE, undefined, false), "public_key", true);
}
const odd = [
  ["y = 0 written as p", little(P)], ["y = 0 written as p, sign bit set", little(P + (1n << 255n))],
  ["the identity written as y = p + 1", little(P + 1n)], ["the identity with its sign bit set", little(1n + (1n << 255n))],
  ["the point of order 2 with its sign bit set", little(P - 1n + (1n << 255n))],
  ["the identity written as y = p + 1, sign bit set", little(P + 1n + (1n << 255n))],
];
for (const [name, key] of odd) add(`A is not canonical: ${name}`, CONTENT, MESSAGE, key, signFor(key, 0n, MESSAGE), "public_key", true);
const onCurve = [...Array(17).keys()].map((i) => BigInt(i + 2)).find((y) => { try { return Point.fromBytes(little(y), true); } catch { return false; } });
add(`A is not canonical and of large order: y = p + ${onCurve}`, CONTENT, MESSAGE, little(P + onCurve), good, "public_key");
const offCurve = [...Array(50).keys()].map((i) => BigInt(i + 2)).find((y) => { try { Point.fromBytes(little(y), true); return false; } catch { return true; } });
add("A is no point of the curve", CONTENT, MESSAGE, little(offCurve), good, "public_key");
add("A is zeros, R is zeros and S is zero", CONTENT, "message 0", Buffer.alloc(32), Buffer.alloc(64), "public_key");
add("a bit of A flipped so that it is no point", CONTENT, MESSAGE,
  [...Array(255).keys()].map((bit) => flip(A, bit)).find((key) => { try { Point.fromBytes(key, true); return false; } catch { return true; } }), good, "public_key");

const fixedR = (R) => { const k = challenge(R, A, labelled(CONTENT, MESSAGE)); return Buffer.concat([Buffer.from(R), little(mod(k * a))]); };
for (let n = 0; n < 8; n++) {
  add(n === 0 ? "R is the identity" : `R has order ${order(n)} (${n} times the point of order 8)`, CONTENT, MESSAGE, A, fixedR(small(n).toBytes()), "point", true);
}
for (const n of [1, 2, 4]) {
  add(`R is a good point plus one of order ${order(n)}`, CONTENT, MESSAGE, A,
    signFor(A, a, MESSAGE, (r) => times(B, r).add(small(n)).toBytes(), false), "point", true);
}
for (const [name, R] of odd) add(`R is not canonical: ${name}`, CONTENT, MESSAGE, A, fixedR(R), "point", true);
add(`R is not canonical and of large order: y = p + ${onCurve}`, CONTENT, MESSAGE, A, Buffer.concat([little(P + onCurve), good.subarray(32)]), "point");
add("R is no point of the curve", CONTENT, MESSAGE, A, Buffer.concat([little(offCurve), good.subarray(32)]), "point");

console.log(`{\n"about": "Ed25519 as Whistle takes it: labels, and every point and scalar that verifiers disagree on.",\n"count": ${rows.length},\n"cases": [\n${rows.join(",\n")}\n]\n}`);
