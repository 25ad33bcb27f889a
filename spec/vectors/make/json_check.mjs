// Holds json.json against the JSON of the engine itself: stringify(parse(x)) differs from x, or x does not parse, or a named limit is
// passed. It makes nothing and stops at the first difference.
import { readFileSync } from "node:fs";

function bytesOf(recipe) {
  if (typeof recipe === "string") return Buffer.from(recipe);
  if ("hex" in recipe) return Buffer.from(recipe.hex, "hex");
  if ("join" in recipe) return Buffer.concat(recipe.join.map(bytesOf));
  return Buffer.concat(Array(recipe.times).fill(bytesOf(recipe.repeat)));
}

function reason(bytes) {
  let text;
  let value;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "ill_formed";
  }
  try {
    value = JSON.parse(text);
  } catch {
    return "not_json";
  }
  let found = "";
  const walk = (one, depth) => {
    if (typeof one === "number" && !Number.isInteger(one)) found ||= Math.abs(one) === Infinity ? "integer_limit" : "not_integer";
    if (typeof one === "number" && Number.isInteger(one) && !Number.isSafeInteger(one)) found ||= "integer_limit";
    if (typeof one === "string" && /\p{Surrogate}/u.test(one)) found ||= "ill_formed";
    if (typeof one !== "object" || one === null) return;
    if (depth > 8) {
      found ||= "too_deep";
      return;
    }
    for (const key of Object.keys(one)) {
      walk(key, depth);
      walk(one[key], depth + 1);
    }
  };
  walk(value, 1);
  return found || (JSON.stringify(value) === text ? "accepted" : "not_canonical");
}

for (const { name, input, expect, error } of JSON.parse(readFileSync(new URL("../json.json", import.meta.url))).cases) {
  const found = reason(bytesOf(input));
  if (found !== (error ?? expect)) throw Error(`${name}: ${found}`);
}
