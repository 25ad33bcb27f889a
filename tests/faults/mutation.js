// Inputs that are almost right: somebody's own, changed in a few places. The same run every time.

const ODD = ['\0', '\n', '\r\n', ' ', '-', '+', '"', '\\ud800', '1e9', '-0', '9'.repeat(40), '\ufeff'].map((text) => Buffer.from(text));

/** xorshift32. */
export function randomOf(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** One of the seeds, with one to five changes. */
export function mutated(seeds, random) {
  let given = Buffer.from(seeds[random(seeds.length)]);
  for (let changes = 1 + random(5); changes > 0; changes--) {
    const place = random(random(2) ? Math.min(given.length, 200) + 1 : given.length + 1);
    const [start, end] = [given.subarray(0, place), given.subarray(place)];
    const other = seeds[random(seeds.length)];
    given = [
      () => Buffer.concat([start, Buffer.of((end[0] ?? 0) ^ (1 << random(8))), end.subarray(1)]),
      () => Buffer.concat([start, Buffer.of(random(256)), end.subarray(1)]),
      () => Buffer.concat([start, end.subarray([1, 2, 16, end.length][random(4)])]),
      () => Buffer.concat([start, ODD[random(ODD.length)], end]),
      () => Buffer.concat([start, ...Array(1 + random(20)).fill(end.subarray(0, [1, 5, 64][random(3)])), end]),
      () => Buffer.concat([start, other.subarray(random(other.length + 1))]),
      () => Buffer.concat([start, Buffer.alloc([1, 2, 4, 8][random(4)], [0, 1, 127, 255][random(4)]), end.subarray(4)]),
    ][random(7)]();
  }
  return given;
}
