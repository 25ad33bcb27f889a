// @ts-check
// The content: one signed thing said, as JSON with its context (spec sections 6.2 and 6.3). Every field is checked here, once;
// after readContent nobody checks again. Neither signs nor seals, and never interprets a text.

import { hex, sha256, unbase64, unhex } from './bytes.js';
import { escapedLength, readJson, writeJson } from './canonical.js';
import {
  ANSWER_LIMIT, ANSWERS_LIMIT, CHOICES_LIMIT, FILE_ID_BYTES, FILE_LIMIT, FILES_LIMIT, IDENTITY_FIELD, INTEGER_LIMIT, NAME_LIMIT, PROTOCOL,
  QUESTIONS_LIMIT, TEXT_LIMIT, TYPE_LIMIT,
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
 * @typedef {Written | Files | Answers | MinutesAgreed | MinutesCorrected | Consent | ConsentWithdrawn | Identity | Read} Said what a
 *   reporter can say after the report; hashes are content hashes of what it is about
 *
 * @typedef {{text: string, choices: readonly string[]}} Question
 * @typedef {{kind: 'questions', body: {text: string, questions: readonly Question[]}}} Questions
 * @typedef {{kind: 'message' | 'acknowledgement' | 'minutes' | 'feedback' | 'outcome' | 'closing', body: {text: string}}} Message of the desk
 * @typedef {Context & (Report | Said | Message | Notice | Questions | Note)} Content
 */

export const STATES = ['received', 'assessing', 'addressing', 'out-of-scope', 'concluding', 'closed'];
export const NOTHING = '0'.repeat(64);

const FIELDS = ['protocol', 'instance', 'box', 'direction', 'kind', 'group', 'epoch', 'recipient', 'sequence', 'previous', 'seen', 'body'];

/** @type {Record<string, Record<string, (body: Json) => void>>} by direction, then kind */
const KINDS = {
  'to-desk': {
    report: checkReport, message: checkMessage, files: checkFiles, answers: checkAnswers,
    'minutes-agreed': checkMinutesAgreed, 'minutes-corrected': checkMinutesCorrected,
    consent: checkConsent, 'consent-withdrawn': checkConsentWithdrawn, identity: checkSealedIdentity,
    retaliation: checkMessage, 'meeting-request': checkShortMessage, close: checkShortMessage, read: checkRead,
  },
  'to-reporter': {
    acknowledgement: checkMessage, message: checkMessage, notice: checkNotice, files: checkFiles, questions: checkQuestions,
    minutes: checkMessage, feedback: checkMessage, outcome: checkMessage, closing: checkMessage,
  },
  internal: { note: checkNote },
};

/**
 * @param {Uint8Array} json
 * @returns {Readonly<Content>}
 * @throws {NotAContent | UnknownKind | TextEmpty | TextTooLong | import('./errors.js').NotCanonical}
 */
export function readContent(json) {
  const content = fieldsOf(readJson(json), FIELDS, 'the content');
  if (content.protocol !== PROTOCOL) throw new NotAContent('its protocol is another');
  checkHex(content.instance, 16, 'instance');
  checkHex(content.box, 32, 'box');
  const kinds = typeof content.direction === 'string' && Object.hasOwn(KINDS, content.direction) ? KINDS[content.direction] : null;
  if (!kinds) throw new NotAContent('direction');
  const checkBody = typeof content.kind === 'string' && Object.hasOwn(kinds, content.kind) ? kinds[content.kind] : null;
  if (!checkBody) throw new UnknownKind();
  checkId(content.group, 'group');
  checkInteger(content.epoch, 1, 'epoch');
  checkHex(content.recipient, 32, 'recipient');
  checkInteger(content.sequence, 1, 'sequence');
  checkHex(content.previous, 32, 'previous');
  const seen = fieldsOf(content.seen, ['sequence', 'hash'], 'seen');
  checkInteger(seen.sequence, 0, 'seen sequence');
  checkHex(seen.hash, 32, 'seen hash');
  if ((content.sequence === 1) !== (content.previous === NOTHING)) throw new NotAContent('previous');
  if ((seen.sequence === 0) !== (seen.hash === NOTHING)) throw new NotAContent('seen hash');
  if (content.direction === 'to-desk' && (content.kind === 'report') !== (content.sequence === 1)) {
    throw new NotAContent('the first content is a report, and no other is');
  }
  checkBody(content.body ?? null);
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

/** @param {Json} value */
function checkReport(value) {
  const body = fieldsOf(value, ['signing', 'reply_to', 'language', 'text', 'answers', 'identity'], 'the report');
  checkHex(body.signing, 32, 'signing');
  spelled(() => readRecipient(stringOf(body.reply_to, 'reply_to')), 'reply_to');
  if (!/^[a-z]{2}$/.test(stringOf(body.language, 'language'))) throw new NotAContent('language');
  checkText(body.text);
  listOf(body.answers, 0, ANSWERS_LIMIT, 'answers').forEach(checkAnswer);
  if (body.identity !== null) checkIdentity(stringOf(body.identity, 'identity'));
}

/** @param {Json} value */
function checkAnswer(value) {
  const { question, answer } = fieldsOf(value, ['question', 'answer'], 'an answer');
  checkId(question, 'question');
  checkText(answer, ANSWER_LIMIT);
}

/** @param {string} field */
function checkIdentity(field) {
  if (field.length !== IDENTITY_FIELD) throw new NotAContent('identity');
  spelled(() => unbase64(field), 'identity');
}

/** @param {Json} value */
function checkMessage(value) {
  checkText(fieldsOf(value, ['text'], 'the message').text);
}

/** @param {Json} value */
function checkShortMessage(value) {
  const { text } = fieldsOf(value, ['text'], 'the message');
  if (text !== '') checkText(text);
}

/** @param {Json} value */
function checkAnswers(value) {
  const { questions, answers } = fieldsOf(value, ['questions', 'answers'], 'the answers');
  checkHex(questions, 32, 'questions');
  let next = 0;
  for (const one of listOf(answers, 1, QUESTIONS_LIMIT, 'answers')) {
    const { question, choice } = fieldsOf(one, ['question', 'choice'], 'an answer');
    checkInteger(question, next, 'question', QUESTIONS_LIMIT - 1);
    checkInteger(choice, 0, 'choice', CHOICES_LIMIT - 1);
    next = Number(question) + 1;
  }
}

/** @param {Json} value */
function checkMinutesAgreed(value) {
  checkHex(fieldsOf(value, ['minutes'], 'the agreement').minutes, 32, 'minutes');
}

/** @param {Json} value */
function checkMinutesCorrected(value) {
  const { minutes, text } = fieldsOf(value, ['minutes', 'text'], 'the correction');
  checkHex(minutes, 32, 'minutes');
  checkText(text);
}

/** @param {Json} value */
function checkConsent(value) {
  checkText(fieldsOf(value, ['scope'], 'the consent').scope, ANSWER_LIMIT);
}

/** @param {Json} value */
function checkConsentWithdrawn(value) {
  checkHex(fieldsOf(value, ['consent'], 'the withdrawal').consent, 32, 'consent');
}

/** @param {Json} value */
function checkSealedIdentity(value) {
  checkIdentity(stringOf(fieldsOf(value, ['identity'], 'the identity').identity, 'identity'));
}

/** @param {Json} value */
function checkRead(value) {
  checkHex(fieldsOf(value, ['content'], 'what was read').content, 32, 'content');
}

/** @param {Json} value */
function checkQuestions(value) {
  const { text, questions } = fieldsOf(value, ['text', 'questions'], 'the questions');
  if (text !== '') checkText(text);
  for (const one of listOf(questions, 1, QUESTIONS_LIMIT, 'questions')) {
    const question = fieldsOf(one, ['text', 'choices'], 'a question');
    checkText(question.text, ANSWER_LIMIT);
    for (const choice of listOf(question.choices, 2, CHOICES_LIMIT, 'choices')) checkText(choice, ANSWER_LIMIT);
  }
}

/** @param {Json} value */
function checkNotice(value) {
  const { state, text } = fieldsOf(value, ['state', 'text'], 'the notice');
  if (!STATES.includes(stringOf(state, 'state'))) throw new NotAContent('state');
  if (text !== '') checkText(text);
}

/** @param {Json} value */
function checkNote(value) {
  const { author, text } = fieldsOf(value, ['author', 'text'], 'the note');
  checkText(author, ANSWER_LIMIT);
  checkText(text);
}

/** @param {Json} value */
function checkFiles(value) {
  const { files } = fieldsOf(value, ['files'], 'the files');
  const ids = listOf(files, 1, FILES_LIMIT, 'files').map((one) => {
    const { id, name, type, size, sealed } = fieldsOf(one, ['id', 'name', 'type', 'size', 'sealed'], 'a file');
    checkHex(id, FILE_ID_BYTES, 'id');
    checkText(name, NAME_LIMIT);
    if (type !== '') checkText(type, TYPE_LIMIT);
    checkInteger(size, 1, 'size', FILE_LIMIT);
    checkHex(sealed, 32, 'sealed');
    return id;
  });
  if (new Set(ids).size !== ids.length) throw new NotAContent('files');
}

/**
 * @param {Json | undefined} value
 * @param {number} limit
 */
function checkText(value, limit = TEXT_LIMIT) {
  const text = stringOf(value, 'text');
  if (text === '') throw new TextEmpty();
  if (escapedLength(text) > limit) throw new TextTooLong();
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
 * @param {number} least
 * @param {number} most
 * @param {string} what
 * @returns {Json[]}
 */
function listOf(value, least, most, what) {
  if (!Array.isArray(value) || value.length < least) throw new NotAContent(what);
  if (value.length > most) throw new TextTooLong();
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
 * @param {Json | undefined} value
 * @param {number} length
 * @param {string} what
 */
function checkHex(value, length, what) {
  spelled(() => unhex(stringOf(value, what), length), what);
}

/**
 * @param {Json | undefined} value
 * @param {string} what
 */
function checkId(value, what) {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(stringOf(value, what))) throw new NotAContent(what);
}

/**
 * @param {Json | undefined} value
 * @param {number} least
 * @param {string} what
 * @param {number} most
 */
function checkInteger(value, least, what, most = INTEGER_LIMIT) {
  if (typeof value !== 'number' || value < least || value > most) throw new NotAContent(what);
}

/**
 * @param {() => unknown} read
 * @param {string} what
 */
function spelled(read, what) {
  try {
    read();
  } catch (error) {
    throw error instanceof WhistleError ? new NotAContent(what) : error;
  }
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
