// An intake on a loopback port for the tests, as honest or dishonest as a test wants it: it keeps frames and can lose an answer,
// forget a post, or refuse by name. It is not the real one, which never misbehaves when it is asked to.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { concat, hex, sha256, u16, u32 } from '../../browser/src/bytes.js';
import { Intake } from '../../browser/src/intake.js';
import { zeroBits } from '../../browser/src/proof.js';
import { DAY } from './world.js';

const PAGE = 65536;

export class Door {
  frames = [];
  bodies = [];
  behaviour = {}; // path: 'lose' | 'forget' | [status, body]
  difficulty = 8;
  perAnswer = 100;

  async open() {
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const origin = `http://127.0.0.1:${this.server.address().port}`;
    this.intake = new Intake((path, init) => fetch(origin + path, init));
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async answer(request, response) {
    const body = Buffer.concat(await request.toArray());
    this.bodies.push({ path: request.url, body, headers: request.headers });
    const behaviour = this.behaviour[request.url];
    delete this.behaviour[request.url];
    if (Array.isArray(behaviour)) return response.writeHead(behaviour[0]).end(behaviour[1]);
    const answer = this.act(request.url, body, behaviour === 'forget');
    return behaviour === 'lose' ? response.destroy() : response.end(answer);
  }

  act(path, body, forget) {
    if (path === '/api/challenge') return JSON.stringify({ challenge: `c${this.bodies.length}`, difficulty: this.difficulty });
    const box = body.subarray(0, 32);
    if (path === '/api/fetch') return this.pages(box, body.readUInt32BE(64));
    const challengeEnd = 74 + body.readUInt16BE(72);
    const envelope = body.subarray(challengeEnd);
    this.proofHeld = zeroBits(sha256(concat(body.subarray(74, challengeEnd), body.subarray(64, 72)))) >= this.difficulty;
    if (!forget) this.put(1, box, envelope);
    return JSON.stringify({ envelope: hex(sha256(envelope)), day: DAY });
  }

  put(direction, box, envelope) {
    if (this.frames.some((frame) => frame.box.equals(box) && Buffer.from(frame.envelope).equals(envelope))) return;
    this.frames.push({ position: this.frames.length + 1, direction, box: Buffer.from(box), envelope });
  }

  pages(box, after) {
    const all = this.frames.filter((frame) => frame.box.equals(box));
    if (all.length === 0) return crypto.getRandomValues(Buffer.alloc(PAGE));
    const left = all.filter(({ position }) => position > after);
    const frames = left.slice(0, this.perAnswer);
    const parts = frames.map((frame) => concat(u32(frame.position), Uint8Array.of(frame.direction), u16(20778), frame.box, u32(frame.envelope.length), frame.envelope));
    const whole = concat(Buffer.from('whistle/1 page\n'), Uint8Array.of(left.length > frames.length ? 1 : 0), u16(frames.length), ...parts);
    return concat(whole, new Uint8Array((PAGE - (whole.length % PAGE)) % PAGE));
  }
}
