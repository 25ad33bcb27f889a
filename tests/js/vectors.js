// Reads spec/vectors/*.json and builds bytes from their recipes, as spec/vectors/README.md says. Knows none of our modules.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/**
 * Each case of a vector file as a test of its own. `run` gives the value that the case expects or throws; `words` says which
 * errors a word of the file stands for; `applies` picks the cases that a browser ever meets. The cases are counted first,
 * against `least`, so that none goes missing.
 */
export function testVectors(file, least, words, run, applies = () => true) {
  const vectors = JSON.parse(readFileSync(new URL(`../../spec/vectors/${file}`, import.meta.url), 'utf8'));
  test(`${file}: all of its cases are there`, () => {
    assert.equal(vectors.cases.length, vectors.count);
    assert.ok(vectors.count >= least, `${vectors.count} cases, of at least ${least}`);
    assert.equal(new Set(vectors.cases.map(({ operation, name }) => `${operation} ${name}`)).size, vectors.count);
  });
  for (const one of vectors.cases.filter(applies)) {
    test(`${file}: ${one.operation ?? ''} ${one.name}`, async () => {
      const act = async () => run(one, (recipe) => bytesOf(recipe, vectors.parts ?? {}), vectors.given ?? {});
      if (one.expect !== 'refused') return assert.deepEqual(await act(), one.expect);
      assert.ok(words[one.error], `the word ${one.error} is in the table`);
      return assert.rejects(act, (error) => {
        assert.ok(words[one.error].includes(error.constructor), `${one.error} is not ${error}`);
        return true;
      });
    });
  }
}

export function bytesOf(recipe, parts) {
  if (typeof recipe === 'string') return Buffer.from(recipe, 'utf8');
  if ('hex' in recipe) return Buffer.from(recipe.hex, 'hex');
  if ('base64' in recipe) return Buffer.from(recipe.base64, 'base64');
  if ('join' in recipe) return Buffer.concat(recipe.join.map((one) => bytesOf(one, parts)));
  if ('repeat' in recipe) return Buffer.concat(Array(recipe.times).fill(bytesOf(recipe.repeat, parts)));
  assert.ok('part' in recipe && recipe.part in parts, 'a recipe that the README describes');
  return bytesOf(parts[recipe.part], parts).subarray(recipe.from ?? 0, recipe.to ?? undefined);
}
