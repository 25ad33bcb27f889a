// @ts-check
// The content: one signed thing said, as JSON with its context (spec sections 6.2 and 6.3). Every field is checked here, once;
// after readContent nobody checks again. Neither signs nor seals, and never interprets a text.

import { hex, sha256, unbase64, unhex } from './bytes.js';
import { escapedLength, readJson, writeJson } from './canonical.js';
import {
  ANSWER_LIMIT, ANSWERS_LIMIT, CHOICES_LIMIT, FILE_ID_BYTES, FILE_LIMIT, FILES_LIMIT, IDENTITY_FIELD, INSTANCE_BYTES, INTEGER_LIMIT,
  NAME_LIMIT, PROTOCOL, QUESTIONS_LIMIT, TEXT_LIMIT, TYPE_LIMIT,
} from './constants.js';
import { NotAContent, TextEmpty, TextTooLong, UnknownKind, WhistleError } from './errors.js';
import { readRecipient } from './recipient.js';

/**
 * Hexadecimal stays text here: it is only ever compared.
 * @typedef {import('./canonical.js').Json} Json
 * @typedef {'to-desk' | 'to-reporter' | 'internal'} Direction
 * @typedef {{sequence: number, hash: string}} Seen
 * @typedef {{question: string, answer: string}} Answer
 * @typedef {object} Context
 * @property {string} instance
 * @property {string} box
 * @property {Direction} direction
 * @property {string} group
 * @property {number} epoch
 * @property {string} recipient
 * @property {number} sequence
 * @property {string} previous
 * @property {Seen} seen
 *
 * @typedef {{signing: string, reply_to: string, language: string, text: string, answers: Answer[], identity: string | null}} ReportBody
 * @typedef {{kind: 'report', body: ReportBody}} Report
 * @typedef {{kind: 'notice', body: {state: string, text: string}}} Notice
 * @typedef {{kind: 'note', body: {author: string, text: string}}} Note
 * @typedef {{kind: 'intake-record', body: {author: string, channel: string, text: string, files: SentFile[]}}} IntakeRecord
 * @typedef {Readonly<{id: string, name: string, type: string, size: number, sealed: string}>} SentFile `sealed` is SHA-256 of the sealed file
 * @typedef {{kind: 'files', body: {files: readonly SentFile[]}}} Files
 *
 * @typedef {{kind: 'message' | 'retaliation' | 'meeting-request' | 'close', body: {text: string}}} Written by the reporter
 * @typedef {{question: number, choice: number}} Ticked both count from 0
 * @typedef {{kind: 'answers', body: {questions: string, answers: readonly Ticked[]}}} Answers
 * @typedef {{kind: 'minutes-agreed', body: {minutes: string}}} MinutesAgreed
 * @typedef {{kind: 'minutes-corrected', body: {minutes: string, text: string}}} MinutesCorrected
 * @typedef {{kind: 'consent', body: {scope: string}}} Consent
 * @typedef {{kind: 'consent-withdrawn', body: {consent: string}}} ConsentWithdrawn
 * @typedef {{kind: 'identity', body: {identity: string}}} Identity sealed to two rings
 * @typedef {{kind: 'read', body: {content: string}}} Read
 * @typedef {{kind: 'continues', body: {box: string, signature: string}}} Continues
 * @typedef {Written | Files | Answers | MinutesAgreed | MinutesCorrected | Consent | ConsentWithdrawn | Identity | Read | Continues} Said what a
 *   reporter can say after the report; hashes are content hashes of what it is about
 *
 * @typedef {{text: string, choices: readonly string[]}} Question
 * @typedef {{kind: 'questions', body: {text: string, questions: readonly Question[]}}} Questions
 * @typedef {{kind: 'message' | 'acknowledgement' | 'code-seen' | 'minutes' | 'feedback' | 'outcome' | 'closing', body: {text: string}}} Message of the desk
 * @typedef {Context & (Report | Said | Message | Notice | Questions | Note | IntakeRecord)} Content
 */

export const STATES = ['received', 'assessing', 'addressing', 'out-of-scope', 'concluding', 'closed'];
export const NOTHING = '0'.repeat(64);

const FIELDS = ['protocol', 'instance', 'box', 'direction', 'kind', 'group', 'epoch', 'recipient', 'sequence', 'previous', 'seen', 'body'];

/** @typedef {(value: Json, name: string) => void} Check of a field: throws, or the value is right */

const ID = word(/^[a-z][a-z0-9-]{0,31}$/);
const HASH = bytes(32); // the content hash of another content of this dialogue, or a key
const TEXT = text(TEXT_LIMIT);
const SHORT = text(ANSWER_LIMIT);
const OR_EMPTY = orElse('', TEXT);
const IDENTITY = spelled((field) => field.length === IDENTITY_FIELD && unbase64(field));
const ANSWER = record({ question: ID, answer: SHORT });
const FILE = record({ id: bytes(FILE_ID_BYTES), name: text(NAME_LIMIT), type: orElse('', text(TYPE_LIMIT)), size: count(1, FILE_LIMIT), sealed: HASH });
const TICKED = record({ question: count(0, QUESTIONS_LIMIT - 1), choice: count(0, CHOICES_LIMIT - 1) });
const QUESTION = record({ text: SHORT, choices: list(SHORT, 2, CHOICES_LIMIT) });

const MESSAGE = record({ text: TEXT });
const SHORT_MESSAGE = record({ text: OR_EMPTY });
/** @param {{id: string}[]} files */
const haveIdsOfTheirOwn = (files) => new Set(files.map(({ id }) => id)).size === files.length;
const FILES = record({ files: list(FILE, 1, FILES_LIMIT, haveIdsOfTheirOwn) });

const CONTEXT = {
  instance: bytes(INSTANCE_BYTES), box: HASH, group: ID, epoch: count(1), recipient: HASH, sequence: count(1), previous: HASH,
  seen: record({ sequence: count(0), hash: HASH }),
};

/** @type {Record<string, Record<string, Check>>} by direction, then kind: the fields of each in their order */
const KINDS = {
  'to-desk': {
    report: record({
      signing: HASH, reply_to: spelled(readRecipient), language: word(/^[a-z]{2}$/), text: TEXT, answers: list(ANSWER, 0, ANSWERS_LIMIT),
      identity: orElse(null, IDENTITY),
    }),
    message: MESSAGE,
    files: FILES,
    answers: record({ questions: HASH, answers: list(TICKED, 1, QUESTIONS_LIMIT, rise) }),
    'minutes-agreed': record({ minutes: HASH }),
    'minutes-corrected': record({ minutes: HASH, text: TEXT }),
    consent: record({ scope: SHORT }),
    'consent-withdrawn': record({ consent: HASH }),
    identity: record({ identity: IDENTITY }),
    retaliation: MESSAGE,
    'meeting-request': SHORT_MESSAGE,
    close: SHORT_MESSAGE,
    read: record({ content: HASH }),
    continues: record({ box: HASH, signature: bytes(64) }),
  },
  'to-reporter': {
    acknowledgement: MESSAGE,
    message: MESSAGE,
    'code-seen': MESSAGE,
    notice: record({ state: word(new RegExp(`^(${STATES.join('|')})$`)), text: OR_EMPTY }),
    files: FILES,
    questions: record({ text: OR_EMPTY, questions: list(QUESTION, 1, QUESTIONS_LIMIT) }),
    minutes: MESSAGE,
    feedback: MESSAGE,
    outcome: MESSAGE,
    closing: MESSAGE,
  },
  internal: {
    note: record({ author: SHORT, text: TEXT }),
    'intake-record': record({ author: SHORT, channel: ID, text: OR_EMPTY, files: list(FILE, 0, FILES_LIMIT, haveIdsOfTheirOwn) }),
  },
};

/**
 * @param {Uint8Array} json
 * @returns {Readonly<Content>}
 * @throws {NotAContent | UnknownKind | TextEmpty | TextTooLong | import('./errors.js').NotCanonical}
 */
export function readContent(json) {
  const content = fieldsOf(readJson(json), FIELDS, 'the content');
  if (content.protocol !== PROTOCOL) throw new NotAContent('its protocol is another');
  const kinds = typeof content.direction === 'string' && Object.hasOwn(KINDS, content.direction) ? KINDS[content.direction] : null;
  if (!kinds) throw new NotAContent('direction');
  const body = typeof content.kind === 'string' && Object.hasOwn(kinds, content.kind) ? kinds[content.kind] : null;
  if (!body) throw new UnknownKind();
  const checks = { ...CONTEXT, body };
  for (const [name, check] of Object.entries(checks)) check(content[name] ?? null, name);
  const { direction, kind, sequence, previous, seen } = /** @type {any} */ (content);
  if ((sequence === 1) !== (previous === NOTHING)) throw new NotAContent('previous');
  if ((seen.sequence === 0) !== (seen.hash === NOTHING)) throw new NotAContent('seen hash');
  if (direction === 'to-desk' && (kind === 'report') !== (sequence === 1)) throw new NotAContent('the first content is a report, and no other is');
  return freeze(/** @type {any} */ (content));
}

/**
 * The JSON bytes of a content, whatever the order of its fields.
 * @param {Content} content
 * @returns {Uint8Array}
 * @throws {NotAContent | UnknownKind | TextEmpty | TextTooLong}
 */
export function writeContent(content) {
  const { instance, box, direction, kind, group, epoch, recipient, sequence, previous, seen, body } = content;
  const context = { protocol: PROTOCOL, instance, box, direction, kind, group, epoch, recipient, sequence, previous };
  const json = writeJson({ ...context, seen: { sequence: seen.sequence, hash: seen.hash }, body: /** @type {any} */ (body) });
  readContent(json);
  return json;
}

/**
 * @param {Uint8Array} json
 * @returns {string} the content hash
 */
export function contentHash(json) {
  return hex(sha256(json));
}

/**
 * An object with exactly these fields, in this order.
 * @param {Record<string, Check>} checks
 * @returns {Check}
 */
function record(checks) {
  const names = Object.keys(checks);
  return (value, name) => {
    const fields = fieldsOf(value, names, name);
    for (const field of names) checks[field]?.(fields[field] ?? null, field);
  };
}

/**
 * @param {Check} check of each
 * @param {number} least
 * @param {number} most
 * @param {(list: any[]) => boolean} holds how they go together
 * @returns {Check}
 */
function list(check, least, most, holds = () => true) {
  return (value, name) => {
    if (!Array.isArray(value) || value.length < least) throw new NotAContent(name);
    if (value.length > most) throw new TextTooLong();
    for (const one of value) check(one, name);
    if (!holds(value)) throw new NotAContent(name);
  };
}

/**
 * @param {Ticked[]} answers
 * @returns {boolean} whether each is to a later question than the one before it
 */
function rise(answers) {
  return answers.every(({ question }, i) => i === 0 || question > (answers[i - 1]?.question ?? 0));
}

/**
 * @param {number} limit
 * @returns {Check} of a text that is not empty
 */
function text(limit) {
  return (value, name) => {
    const said = stringOf(value, name);
    if (said === '') throw new TextEmpty();
    if (escapedLength(said) > limit) throw new TextTooLong();
  };
}

/**
 * @param {null | string} other that may stand there too
 * @param {Check} check
 * @returns {Check}
 */
function orElse(other, check) {
  return (value, name) => {
    if (value !== other) check(value, name);
  };
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {Check}
 */
function count(least, most = INTEGER_LIMIT) {
  return (value, name) => {
    if (typeof value !== 'number' || value < least || value > most) throw new NotAContent(name);
  };
}

/**
 * @param {RegExp} pattern
 * @returns {Check}
 */
function word(pattern) {
  return (value, name) => {
    if (!pattern.test(stringOf(value, name))) throw new NotAContent(name);
  };
}

/**
 * @param {number} length
 * @returns {Check}
 */
function bytes(length) {
  return spelled((value) => unhex(value, length));
}

/**
 * @param {(value: string) => unknown} read gives something, or refuses the spelling
 * @returns {Check}
 */
function spelled(read) {
  return (value, name) => {
    let taken;
    try {
      taken = read(stringOf(value, name));
    } catch (error) {
      if (!(error instanceof WhistleError)) throw error;
    }
    if (!taken) throw new NotAContent(name);
  };
}

/**
 * The value as an object with exactly these fields, in this order.
 * @param {Json | undefined} value
 * @param {string[]} names
 * @param {string} what
 * @returns {{[key: string]: Json}}
 */
function fieldsOf(value, names, what) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotAContent(`${what} is no object`);
  if (JSON.stringify(Object.keys(value)) !== JSON.stringify(names)) throw new NotAContent(`${what} has other fields, or another order`);
  return value;
}

/**
 * @param {Json | undefined} value
 * @param {string} what
 * @returns {string}
 */
function stringOf(value, what) {
  if (typeof value !== 'string') throw new NotAContent(what);
  return value;
}

/**
 * @template T
 * @param {T} value
 * @returns {T}
 */
function freeze(value) {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
