// Photos made byte by byte around small pictures of real encoders (libjpeg-turbo, libpng and libwebp, by way of Pillow), with
// CANARY in everything that could tell of somebody. The walkers here are not those of the browser: they read only what is sound.

import { crc32 } from 'node:zlib';

export const CANARY = 'CANARY';
const PICTURES = {
  jpegBaseline:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBDARUX' +
    'Fx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wAARCAARABgDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEA' +
    'AAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6' +
    'Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx' +
    '8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAV' +
    'YnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPE' +
    'xcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDnY7T2q3HZ+1aUNp7Vehs/aueEucyoYuxlR2XtRXQLbBeMZNFOUqMXaT1PYp4t8pXh' +
    '7Vfh7UUVlhT5CiSQ0UUV59L4T3IbH//Z',
  jpegColour:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/4gJcSUNDX1BST0ZJTEUAAQEAAAJMbGNtcwRAAABtbnRyUkdCIFhZWiAH6gALABUAEQAKAB9hY3NwQVBQTAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAA9tYAAQAAAADTLWxjbXMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAtkZXNjAAABCAAAADZjcHJ0AAABQAAA' +
    'AEx3dHB0AAABjAAAABRjaGFkAAABoAAAACxyWFlaAAABzAAAABRiWFlaAAAB4AAAABRnWFlaAAAB9AAAABRyVFJDAAACCAAAACBnVFJDAAACCAAAACBiVFJDAAACCAAA' +
    'ACBjaHJtAAACKAAAACRtbHVjAAAAAAAAAAEAAAAMZW5VUwAAABoAAAAcAHMAUgBHAEIAIABiAHUAaQBsAHQALQBpAG4AAG1sdWMAAAAAAAAAAQAAAAxlblVTAAAAMAAA' +
    'ABwATgBvACAAYwBvAHAAeQByAGkAZwBoAHQALAAgAHUAcwBlACAAZgByAGUAZQBsAHlYWVogAAAAAAAA9tYAAQAAAADTLXNmMzIAAAAAAAEMQgAABd7///MlAAAHkwAA' +
    '/ZD///uh///9ogAAA9wAAMBuWFlaIAAAAAAAAG+gAAA49QAAA5BYWVogAAAAAAAAJJ8AAA+EAAC2w1hZWiAAAAAAAABilwAAt4cAABjZcGFyYQAAAAAAAwAAAAJmZgAA' +
    '8qcAAA1ZAAAT0AAACltjaHJtAAAAAAADAAAAAKPXAABUewAATM0AAJmaAAAmZgAAD1z/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQ' +
    'c1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAAR' +
    'CAARABgDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0Kx' +
    'wRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5' +
    'usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAEC' +
    'AxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImK' +
    'kpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDGS39qsJbe1Xo7f2q1Hbe1YwfM' +
    'Z0sQZ6WvtRWwsAXjGTRTcqUXZs9KGIdiGKrcVFFZ4c+cpD4qKKK46ex6sdj/2Q==',
  jpegProgressive:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBDARUX' +
    'Fx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wgARCAARABgDASIAAhEBAxEB/8QAGAABAQEBAQAAAAAA' +
    'AAAAAAAAAAMEBQL/xAAYAQACAwAAAAAAAAAAAAAAAAACBAADBf/aAAwDAQACEAMQAAAB51dN6wyugjk7g5HoLvf/xAAXEAEBAQEAAAAAAAAAAAAAAAAAAQIS/9oACAEB' +
    'AAEFAplMJhMphyiI/8QAGBEAAwEBAAAAAAAAAAAAAAAAAAIDASH/2gAIAQMBAT8BSoteCGH/xAAZEQACAwEAAAAAAAAAAAAAAAAAAQIDMRH/2gAIAQIBAT8BT6NwWlRH' +
    'D//EABQQAQAAAAAAAAAAAAAAAAAAADD/2gAIAQEABj8CH//EABYQAQEBAAAAAAAAAAAAAAAAACABEf/aAAgBAQABPyEodMD/AP/aAAwDAQACAAMAAAAQdDc8/8QAGBEA' +
    'AgMAAAAAAAAAAAAAAAAAAAEQETH/2gAIAQMBAT8QrGwZP//EABgRAAIDAAAAAAAAAAAAAAAAAAABEBEh/9oACAECAQE/ECsKbZX/xAAaEAACAwEBAAAAAAAAAAAAAAAA' +
    'YQERQRAh/9oACAEBAAE/EEiBIkQQ+KuTBjj/2Q==',
  jpegRestarts:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBDARUX' +
    'Fx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wAARCAARABgDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEA' +
    'AAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6' +
    'Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx' +
    '8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAV' +
    'YnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPE' +
    'xcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/90ABAAB/9oADAMBAAIRAxEAPwDnY7T2q3HZ+1aUNp7Vehs/aueEucyoYux//9CnHZe1FdAtsF4xk0VhKVGL' +
    'tJ6np08W+U//0bkPar8PaiiuPCnh0T//0t+GiiivDpfCENj/2Q==',
  jpegCmyk:
    '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXYW1hpCeo6utq2eAvMm6pseZqKuk/8AAFAgAEQAY' +
    'BEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEV' +
    'UtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrC' +
    'w8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDDte1ZP2H2rnY03V01bFr2o+w+1WI7Xd2orYte1H2H2qxHpu7+GiuPte1d' +
    'H9h9qr2absUVsWvaj7D7Vt2druxxRWxa9qPsPtU91d2+nsIvLM0+M7FOAPqe1Fcfa9q1KwtP7UVsWvaium0/tRWxa9qK5nT+1Ff/2Q==',
  png:
    'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAYAAAD+Bd/7AAAACXBIWXMAAC4jAAAuIwF4pT92AAAAgElEQVR4nDXKsW6CUBiA0fPDTUpysQtEh8pgcJBK7FM26Zu6+QCm' +
    'cB3U6TvDFznb7jDKRjzdvkpaLun0oUHrbiNprVqNjUojxVTPi0906Ky2Vp1F718nxVyfQxZ6lUEYVL4UR+Eg+a5nMnrsFUfFj+KGX8lUn95DMQgTrip/ivAAY3MWRx1N' +
    'ufMAAAAASUVORK5CYII=',
  pngColour:
    'iVBORw0KGgoAAAANSUhEUgAAABgAAAARBAMAAAA1VnEDAAABdmlDQ1BJQ0MgUHJvZmlsZQAAeJx1kc8rBGEYxz+7iFhJKEmZw5IDJUqOrMNeNmmtsrjsjJ1dtbOmmd20' +
    'uSoXhy0HcfHr4D/gqlwppUhJzo5+XbSN57VqN9l3euf59H3f79Mz3wF/JGNYbv0kWNmcEw2HtIX4otb4QgtdtNNMX8Jw7anZ2Qg11+cdPlVvh1Wv2vf+XS0rSdcAX5Pw' +
    'uGE7OWGZhsh6zla8LdxppBMrwofCQ44MKHyldL3Mz4pTZX5X7MSi0+BXPbVUFetVbKQdS3hQOGhl8sbvPOpLAsns/JzUHtm9uEQJE0JDJ88qGXIMS81KZv/7Rn58M6yJ' +
    'x5C3TQFHHCnS4h0SNS9dk1JN0ZPyZCio3P/m6Zpjo+XugRA0PHneWz807kCp6HlfR55XOoa6R7jIVvxrktPEh+jFihY8gLZNOLusaPounG9B94OdcBI/Up1sv2nC6ym0' +
    'xqHjBpqXyln9nnNyD7EN+UXXsLcPA3K/bfkb/WNoCPiT8BEAAAAYUExURarSjDLSRqqPojKPMKpLVaoPETJLGTIPBReW++0AAAACdFJOU/8A5bcwSgAAAGFJREFUeJyF' +
    'zcENwjAQRNHnyAWEFtxBRHFpMxVY20FoIDYHBwjiwB5GGmn+37SCCibQXMp5mf5gZN7B/p9xbGmmhXxsYxhI9x9BvwhavAUt9FpQ0hIDKap0+/DfT6eXbMYTvccdqp/3' +
    'Ak0AAAAASUVORK5CYII=',
  apng:
    'iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFCAIAAADpOgqxAAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAAGAAAABQAAAAAAAAAAAAEACgAAmj3e+AAAAEVJ' +
    'REFUeJxNy7EJgDAQAMBT8taiCyRNUBBFyNJu4R4uYyfCtdeNc1/FKhaxGqqUnMH0l7SBiUKmUJMWzBQOdp4vZjZurhfa6gYcEbVLYgAAABpmY1RMAAAAAQAAAAYAAAAF' +
    'AAAAAAAAAAAAAQAKAAABTjQsAAAAVWZkQVQAAAACeJxNwiEOg0AQAMC5ZNEVlX0FCZbKPqCGX/V5pTkDCQJHwqWKq6hlMul9vWW/0fFRRzWroX2wnYfuSWZiBt/QFXou' +
    'JApraF8M3NlZaP7h+Rng3t/rpwAAAABJRU5ErkJggg==',
  webpLossy:
    'UklGRoYAAABXRUJQVlA4IHoAAADQBACdASoYABEAPuFeqE2opSQiMAwBEBwJbACxHuN14IACaGlt5B5ASskvAF/FGAD+8tl9YEbEMyglT+hzdA5v0l4SNen+WRIebSxX' +
    'O0CT9a19e1L45SNcrA1JssAjBeA6YwDc7spKGMnwErrMy11cvdl3ste+5gAAAA==',
  webpLossless:
    'UklGRlIAAABXRUJQVlA4TEYAAAAvFwAEALkyRPQ/FmLBZP7QXUHUP/ofcahpG0kyg+WP976UV46C4raR1Nzy8d2XISYAEOuBYP0LCBEKchsSHQQTGgeM+OAK',
  webpAlpha:
    'UklGRrgAAABXRUJQVlA4WAoAAAAQAAAAFwAAEAAAQUxQSBoAAAABuYzof4BIgMRmxP+LSeaICZiADhs3jYb7AFZQOCB4AAAA0AQAnQEqGAARAD7hXqhNqKUkIjAMARAc' +
    'CWwAsR7jdeCAAmhpbeQeQErJLwBfxRgA/vLZfWBGxDMoJU/oc3QOb9JDyovpfMIZauCq0vp9Z8i19e1L45SNcrEDm9nwWKufowD1/KYTEfEAzcYa+I7Zp2mQGg8oAAAA',
  webpColour:
    'UklGRuwCAABXRUJQVlA4WAoAAAAgAAAAFwAAEAAASUNDUEwCAAAAAAJMbGNtcwRAAABtbnRyUkdCIFhZWiAH6gALABUAEQAKAB9hY3NwQVBQTAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAA9tYAAQAAAADTLWxjbXMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAtkZXNjAAABCAAAADZjcHJ0AAABQAAA' +
    'AEx3dHB0AAABjAAAABRjaGFkAAABoAAAACxyWFlaAAABzAAAABRiWFlaAAAB4AAAABRnWFlaAAAB9AAAABRyVFJDAAACCAAAACBnVFJDAAACCAAAACBiVFJDAAACCAAA' +
    'ACBjaHJtAAACKAAAACRtbHVjAAAAAAAAAAEAAAAMZW5VUwAAABoAAAAcAHMAUgBHAEIAIABiAHUAaQBsAHQALQBpAG4AAG1sdWMAAAAAAAAAAQAAAAxlblVTAAAAMAAA' +
    'ABwATgBvACAAYwBvAHAAeQByAGkAZwBoAHQALAAgAHUAcwBlACAAZgByAGUAZQBsAHlYWVogAAAAAAAA9tYAAQAAAADTLXNmMzIAAAAAAAEMQgAABd7///MlAAAHkwAA' +
    '/ZD///uh///9ogAAA9wAAMBuWFlaIAAAAAAAAG+gAAA49QAAA5BYWVogAAAAAAAAJJ8AAA+EAAC2w1hZWiAAAAAAAABilwAAt4cAABjZcGFyYQAAAAAAAwAAAAJmZgAA' +
    '8qcAAA1ZAAAT0AAACltjaHJtAAAAAAADAAAAAKPXAABUewAATM0AAJmaAAAmZgAAD1xWUDggegAAANAEAJ0BKhgAEQA+4V6oTailJCIwDAEQHAlsALEe43XggAJoaW3k' +
    'HkBKyS8AX8UYAP7y2X1gRsQzKCVP6HN0Dm/SXhI16f5ZEh5tLFc7QJP1rX17UvjlI1ysDUmywCMF4DpjANzuykoYyfASuszLXVy92Xey177mAAAA',
  webpAnimated:
    'UklGRlYCAABXRUJQVlA4WAoAAAASAAAAFwAAEAAAQU5JTQYAAAAAAAAAAABBTk1GkgEAAAAAAAAAABcAABAAAGQAAAJBTFBI7gAAAAGHQKRtAwc3/3p/DxGRuHlQ2LZt' +
    'm8reSRvR/wAAAAAAAAAAAAAAAEBERERERERERERERCQiIiIiIiIiIiIiImJmZmZmZmZmZmZmZhYREREREREREREREVFVVVVVVVVVVVVVVTUzMzMzMzMzMzMzM3N3d3d3' +
    'd3d3d3d3d4+IiIiIiIiIiIiIiMjMzMzMzMzMzMzMzKyqqqqqqqqqqqqqquru7u7u7u7u7u7u7p6ZmZmZmZmZmZmZmdnd3d3d3d3d3d3d3b27u7u7u7u7u7u7u3vvvffe' +
    'e++9995777333vv//////////////////wdWUDgghAAAAHAEAJ0BKhgAEQA/DXCzUCwmpSKwGAwBgCGJbDOBOeR0JENI6cMGAFE/9YEAAP7iH/Hf/rIT/02f/4P26mXb' +
    '2q59cCT2TON0eo/bzDX7CGpRLbTMxNbYOAfE1ok6alSpGR87rZfweqVMymVemRANct7sOwf7ENS9oxOjIA7OHJxb5HAAAEFOTUaQAAAAAAAAAAAAFwAAEAAAZAAAAFZQ' +
    'OCB4AAAAVAMAnQEqGAARAD8ReLBSAoDVAAIglsAJ0yhH93FoL8sZoKAA/bJJ/r3HWw//sNZghXOJtrOl/KWq31qpO3/p4+5BxOURMQvmXdyHBEBjJWWD7qddYf5EpjP6' +
    '21PGiXTY87d6FU4x88z6zggKVZvgPAgoy4pUtAAA',
};

export const pictures = Object.fromEntries(Object.entries(PICTURES).map(([name, text]) => [name, Buffer.from(text, 'base64')]));
const trailer = Buffer.from('....ftypmp42CANARY-FILM');

// --- TIFF, as Exif has it

const POINTERS = { exif: 0x8769, gps: 0x8825 };
const SIZES = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1 };

/**
 * Directories one behind the other: {main, exif, gps, small}, each a list of [tag, type, bytes or numbers].
 */
export function tiff(directories, little = false) {
  const number = (value, size) => {
    const bytes = Buffer.alloc(size);
    bytes[little ? 'writeUIntLE' : 'writeUIntBE'](value, 0, size);
    return bytes;
  };
  const valued = (list) => list.map(([tag, type, value]) => [tag, type, Array.isArray(value)
    ? Buffer.concat(value.map((one) => number(one, Math.min(SIZES[type], 4)))) : Buffer.from(value)]);
  const dirs = Object.entries(directories).map(([name, list]) => [name, valued(list)]);
  for (const [name] of dirs) if (POINTERS[name]) dirs[0][1].push([POINTERS[name], 4, number(0, 4)]);
  let end = 8;
  const places = {};
  for (const [name, list] of dirs) {
    places[name] = end;
    end += 6 + list.reduce((sum, [, , value]) => sum + 12 + (value.length > 4 ? value.length : 0), 0);
  }
  const written = dirs.map(([name, list]) => {
    let at = places[name] + 6 + 12 * list.length;
    const values = [];
    const entries = list.map(([tag, type, value]) => {
      const name = Object.keys(POINTERS).find((key) => POINTERS[key] === tag);
      const head = Buffer.concat([number(tag, 2), number(type, 2), number(value.length / SIZES[type], 4)]);
      if (name) return Buffer.concat([head, number(places[name], 4)]);
      if (value.length <= 4) return Buffer.concat([head, value, Buffer.alloc(4 - value.length)]);
      values.push(value);
      at += value.length;
      return Buffer.concat([head, number(at - value.length, 4)]);
    });
    return Buffer.concat([number(list.length, 2), ...entries, number(name === 'main' && places.small || 0, 4), ...values]);
  });
  return Buffer.concat([Buffer.from(little ? 'II*\0' : 'MM\0*'), number(8, 4), ...written]);
}

export const turned = (orientation) => [0x0112, 3, [orientation]];
const text = (tag, what) => [tag, 2, `CANARY-${what}\0`];

/** Everything that a camera writes. */
export function exif({ orientation = 6, little = false } = {}) {
  return tiff({
    main: [text(0x010e, 'CAPTION'), text(0x010f, 'MAKE'), text(0x0110, 'MODEL'), turned(orientation), text(0x0131, 'SOFTWARE'),
      text(0x0132, 'DATE'), text(0x013b, 'ARTIST'), text(0x8298, 'COPYRIGHT')],
    exif: [text(0x9003, 'TAKEN'), [0x927c, 7, 'CANARY-MAKERNOTE'], [0x9286, 7, 'CANARY-COMMENT'], text(0xa430, 'OWNER'),
      text(0xa431, 'SERIAL'), text(0xa434, 'LENS')],
    gps: [[0, 1, [2, 3, 0, 0]], [1, 2, 'N\0'], [2, 5, [55, 1, 40, 1, 34, 1]], [0x1b, 7, 'CANARY-GPS'], text(0x1d, 'GPSDATE')],
    small: [[0x0103, 3, [6]], [0x0201, 4, [8]], [0x0202, 4, [4]], [0x9999, 7, 'CANARY-THUMBNAIL']],
  }, little);
}

/** The one form in which an orientation is written again. */
export const fresh = (orientation) => tiff({ main: [turned(orientation)] });

export const xmp = (inner = '<dc:creator>CANARY-CREATOR</dc:creator><exif:GPSLatitude>55</exif:GPSLatitude>') =>
  Buffer.from(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description>CANARY${inner}</rdf:Description></rdf:RDF></x:xmpmeta>`);

// --- JPEG

export const EXIF = Buffer.from('Exif\0\0');
const XMP = Buffer.from('http://ns.adobe.com/xap/1.0/\0');

export function segment(marker, ...bodies) {
  const body = Buffer.concat(bodies.map((one) => Buffer.from(one)));
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** @returns {{marker: number, bytes: Buffer}[]} segments, and scans under the marker 0 */
export function segmentsOf(jpeg) {
  const pieces = [];
  for (let at = 2; ;) {
    const marker = jpeg[at + 1];
    if (jpeg[at] !== 0xff) throw new Error('not a sound JPEG');
    if (marker === 0xd9) return at + 2 === jpeg.length ? pieces : [...pieces, { marker: -1, bytes: jpeg.subarray(at + 2) }];
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    pieces.push({ marker, bytes: jpeg.subarray(at, end) });
    at = end;
    if (marker !== 0xda) continue;
    const scan = /(?:[^\xff]|\xff+[\0\xd0-\xd7])*/sy.exec(jpeg.subarray(end).toString('latin1'))[0];
    pieces.push({ marker: 0, bytes: jpeg.subarray(end, end + scan.length) });
    at = end + scan.length;
  }
}

/** What is put before the tables, before every segment behind a scan, and behind the end. */
export function jpegWith(picture, { before = [], between = [], behind = [] } = {}) {
  const pieces = segmentsOf(picture);
  const start = pieces.findIndex(({ marker }) => marker < 0xe0);
  const scan = pieces.findIndex(({ marker }) => marker === 0);
  const inside = pieces.flatMap(({ bytes }, i) => [...(i === start ? before : []), ...(i > scan && pieces[i].marker ? between : []), bytes]);
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...inside, ...between, Buffer.from([0xff, 0xd9]), ...behind]);
}

export const jpegTraces = {
  exif: segment(0xe1, EXIF, exif()),
  xmp: segment(0xe1, XMP, xmp()),
  moreXmp: segment(0xe1, 'http://ns.adobe.com/xmp/extension/\0', 'CANARY'.repeat(9)),
  iptc: segment(0xed, 'Photoshop 3.0\0', '8BIM\x04\x04\0\0\0\0\0\x16', '\x1c\x02\x50\0\x0dCANARY-BYLINE', '\x1c\x02\x5a\0\x04CITY'),
  comment: segment(0xfe, 'CANARY-COMMENT'),
  smallPicture: segment(0xe0, 'JFXX\0\x10', 'CANARY-THUMBNAIL'),
  index: segment(0xe2, 'MPF\0', 'CANARY-SECOND'),
  credentials: segment(0xeb, 'JP', 'CANARY-CLAIM'),
  unknownOfApp1: segment(0xe1, 'FLIR\0', 'CANARY'),
  adobeOfAnother: segment(0xee, 'CANARY-FOURTEEN'),
};

// --- PNG

export function chunk(type, ...bodies) {
  const named = Buffer.concat([type, ...bodies].map((one) => Buffer.from(one)));
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(named.length - 4, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}

/** @returns {{type: string, bytes: Buffer, body: Buffer}[]} as far as they go */
export function chunksOf(png) {
  const pieces = [];
  for (let at = 8; at + 12 <= png.length;) {
    const end = at + 12 + png.readUInt32BE(at);
    if (end > png.length) break;
    pieces.push({ type: png.toString('latin1', at + 4, at + 8), bytes: png.subarray(at, end), body: png.subarray(at + 8, end - 4) });
    at = end;
  }
  return pieces;
}

/** What is put after the header, before the end, and behind it. */
export function pngWith(picture, { before = [], between = [], behind = [] } = {}) {
  const pieces = chunksOf(picture).map(({ bytes }) => bytes);
  return Buffer.concat([picture.subarray(0, 8), pieces[0], ...before, ...pieces.slice(1, -1), ...between, pieces.at(-1), ...behind]);
}

export const pngTraces = {
  exif: chunk('eXIf', exif({ little: true })),
  author: chunk('tEXt', 'Author\0CANARY-AUTHOR'),
  comment: chunk('zTXt', 'Comment\0\0CANARY-COMMENT'),
  xmp: chunk('iTXt', 'XML:com.adobe.xmp\0\0\0\0\0', xmp()),
  time: chunk('tIME', 'CANARY!'),
  own: chunk('prVt', 'CANARY-PRIVATE'),
};

// --- WebP

export function riff(type, ...bodies) {
  const body = Buffer.concat(bodies.map((one) => Buffer.from(one)));
  const head = Buffer.from(`${type}\0\0\0\0`, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** @returns {{type: string, bytes: Buffer, body: Buffer}[]} */
export function riffOf(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at + 4);
    const end = at + 8 + length + (length % 2);
    pieces.push({ type: bytes.toString('latin1', at, at + 4), bytes: bytes.subarray(at, end), body: bytes.subarray(at + 8, at + 8 + length) });
    at = end;
  }
  return pieces;
}

/** What is put before the picture, after it, and behind the end; `flags` are set in the header, which is made if there is none. */
export function webpWith(picture, { before = [], between = [], behind = [], flags = 0 } = {}) {
  const pieces = riffOf(picture.subarray(12));
  const old = pieces[0].type === 'VP8X' ? pieces.shift().body : Buffer.from([0, 0, 0, 0, 23, 0, 0, 16, 0, 0]);
  const header = riff('VP8X', [old[0] | flags], old.subarray(1));
  return Buffer.concat([riff('RIFF', 'WEBP', header, ...before, ...pieces.map(({ bytes }) => bytes), ...between), ...behind]);
}

export const webpTraces = { exif: riff('EXIF', exif()), xmp: riff('XMP ', xmp()), own: riff('CAN!', 'CANARY-PRIVATE') };

// --- What is the picture itself

/** @returns {{picture: Buffer, rest: Buffer}} the compressed picture and its colour profile, and all that is around them */
export function split(bytes) {
  const photo = Buffer.from(bytes);
  const [picture, rest] = [[], []];
  if (photo[0] === 0xff) {
    for (const { marker, bytes } of segmentsOf(photo)) {
      (marker === 0 || bytes.toString('latin1', 4, 16) === 'ICC_PROFILE\0' ? picture : rest).push(bytes);
    }
  } else if (photo[0] === 0x89) {
    for (const { type, bytes, body } of chunksOf(photo)) {
      ['IDAT', 'fdAT', 'iCCP'].includes(type) ? picture.push(body) : rest.push(bytes);
    }
  } else {
    for (const { type, bytes, body } of riffOf(photo.subarray(12))) {
      if (type === 'ANMF') {
        rest.push(body.subarray(0, 16));
        picture.push(...riffOf(body.subarray(16)).filter(({ type }) => /^(VP8 |VP8L|ALPH)$/.test(type)).map(({ body }) => body));
        rest.push(...riffOf(body.subarray(16)).filter(({ type }) => !/^(VP8 |VP8L|ALPH)$/.test(type)).map(({ bytes }) => bytes));
      } else /^(VP8 |VP8L|ALPH|ICCP)$/.test(type) ? picture.push(body) : rest.push(bytes);
    }
  }
  return { picture: Buffer.concat(picture), rest: Buffer.concat(rest) };
}

/** Every picture with everything around it. */
export const planted = Object.fromEntries(Object.entries(pictures).map(([name, picture]) => [name,
  name.startsWith('jpeg') ? jpegWith(picture, {
    before: [...Object.values(jpegTraces), Buffer.from([0xff, 0xff, 0xff])], between: [jpegTraces.comment, jpegTraces.iptc],
    behind: [picture, trailer],
  }) : name.startsWith('webp') ? webpWith(picture, {
    before: [webpTraces.own], between: [webpTraces.exif, webpTraces.xmp, webpTraces.own], behind: [trailer], flags: 0x0c,
  }) : pngWith(picture, {
    before: [pngTraces.author, pngTraces.own], between: Object.values(pngTraces), behind: [picture, trailer],
  })]));
