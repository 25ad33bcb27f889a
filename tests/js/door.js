// An intake on a loopback port for the tests, as honest or dishonest as a test wants it: it keeps frames and files, and can lose an
// answer, cut a connection, forget, wait, or refuse by name. It is not the real one, which never misbehaves when it is asked to.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { concat, hex, sha256, u16, u32 } from '../../browser/src/bytes.js';
import { Intake } from '../../browser/src/intake.js';
import { countOf, partLength, partRecord } from '../../browser/src/parts.js';
import { zeroBits } from '../../browser/src/proof.js';
import { DAY } from './world.js';

const PAGE = 65536;
const PAUSES = [1, 1, 1, 1]; // milliseconds

export class Door {
  frames = [];
  files = new Map(); // from the reporter, by id: { length, parts by index }
  fromDesk = new Map(); // by id, sealed
  cancelled = [];
  bodies = [];
  behaviour = {}; // path: 'lose' | 'cut' | 'forget' | [status, body], once
  meddle = () => undefined; // the same, of every request: (path, body) => a behaviour, or a promise of one
  offline = false;
  difficulty = 8;
  perAnswer = 100;
  givenUp = 0; // calls whose caller went away before they were answered
  atOnce = 0;
  mostAtOnce = 0;

  async open(pauses = PAUSES) {
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const origin = `http://127.0.0.1:${this.server.address().port}`;
    this.intakeWith = (pauses) => new Intake((path, init) => fetch(origin + path, init), pauses);
    this.intake = this.intakeWith(pauses);
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async answer(request, response) {
    const pieces = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch {
      return; // given up by the client
    }
    const body = Buffer.concat(pieces);
    if (this.offline) return response.destroy();
    this.bodies.push({ path: request.url, body, headers: request.headers });
    response.on('close', () => { if (!response.writableEnded) this.givenUp++; });
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    const behaviour = this.behaviour[request.url] ?? (await this.meddle(request.url, body));
    this.atOnce--;
    delete this.behaviour[request.url];
    if (Array.isArray(behaviour)) return response.writeHead(behaviour[0]).end(behaviour[1]);
    if (behaviour === 'cut') return response.destroy();
    const answer = this.act(request.url, body, behaviour === 'forget');
    if (Array.isArray(answer)) return response.writeHead(answer[0]).end(answer[1]);
    return behaviour === 'lose' ? response.destroy() : response.end(answer);
  }

  act(path, body, forget) {
    if (path === '/api/challenge') return JSON.stringify({ challenge: `c${this.bodies.length}`, difficulty: this.difficulty });
    const box = body.subarray(0, 32);
    if (path === '/api/fetch') return this.pages(box, body.readUInt32BE(64));
    if (path === '/api/part') return this.part(body.subarray(64), false);
    if (path === '/api/cancel') return this.cancel(body.subarray(64).toString('hex'));
    if (path === '/api/file') return this.fileFrame(box, body.subarray(64, 80).toString('hex'), body.readUInt32BE(80));
    const challengeEnd = 74 + body.readUInt16BE(72);
    const envelope = body.subarray(challengeEnd);
    this.proofHeld = zeroBits(sha256(concat(body.subarray(74, challengeEnd), body.subarray(64, 72)))) >= this.difficulty;
    if (path === '/api/begin') return this.part(envelope, true);
    if (!forget) this.put(1, box, envelope);
    return JSON.stringify({ envelope: hex(sha256(envelope)), day: DAY });
  }

  put(direction, box, envelope) {
    if (this.frames.some((frame) => frame.box.equals(box) && Buffer.from(frame.envelope).equals(envelope))) return;
    this.frames.push({ position: this.frames.length + 1, direction, box: Buffer.from(box), envelope });
  }

  part(record, first) {
    const id = record.subarray(0, 16).toString('hex');
    const [length, index, bytes] = [Number(record.readBigUInt64BE(16)), record.readUInt32BE(24), record.subarray(28)];
    if (first && !this.files.has(id)) this.files.set(id, { length, parts: new Map() });
    const file = this.files.get(id);
    if (!file) return refusal(404, 'no_such_file');
    if (first !== (index === 0) || file.length !== length || bytes.length !== partLength(length, index)) return refusal(400, 'not_a_submission');
    if (file.parts.has(index) && !file.parts.get(index).equals(bytes)) return refusal(409, 'place_taken');
    file.parts.set(index, bytes);
    return JSON.stringify({ part: hex(sha256(bytes)), day: DAY });
  }

  /** The sealed file, if all of it is here. */
  whole(id) {
    const { length, parts } = this.files.get(id);
    if (parts.size !== countOf(length)) return null;
    return Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }

  cancel(id) {
    this.files.delete(id);
    this.cancelled.push(id);
    return JSON.stringify({ file: id });
  }

  fileFrame(box, id, index) {
    const sealed = this.fromDesk.get(id);
    const bytes = sealed?.subarray(index * 262144, (index + 1) * 262144);
    if (!bytes?.length) return crypto.getRandomValues(Buffer.alloc(PAGE));
    return paged([{ position: 0, direction: 4, box, envelope: partRecord(Buffer.from(id, 'hex'), sealed.length, index, bytes) }], false);
  }

  pages(box, after) {
    const all = this.frames.filter((frame) => frame.box.equals(box));
    if (all.length === 0) return crypto.getRandomValues(Buffer.alloc(PAGE));
    const left = all.filter(({ position }) => position > after);
    const frames = left.slice(0, this.perAnswer);
    return paged(frames, left.length > frames.length);
  }
}

export function refusal(status, error) {
  return [status, JSON.stringify({ error, message: '' })];
}

function paged(frames, more) {
  const parts = frames.map((frame) => concat(u32(frame.position), Uint8Array.of(frame.direction), u16(20778), frame.box, u32(frame.envelope.length), frame.envelope));
  const whole = concat(Buffer.from('whistle/1 page\n'), Uint8Array.of(more ? 1 : 0), u16(frames.length), ...parts);
  return concat(whole, new Uint8Array((PAGE - (whole.length % PAGE)) % PAGE));
}
