// @ts-check
// The numbers and labels of spec section 2, which says why each is what it is. A test holds the table and this file together.

export const PROTOCOL = 'whistle/1';
export const INSTANCE_BYTES = 16;
export const CODE_BYTES = 16;
export const CODE_GROUPS = 8;
export const CODE_POLYNOMIAL = 69643;
export const CODE_ALPHA = 19;
export const BOX_ID_BYTES = 32;
export const ACCESS_TOKEN_BYTES = 32;
export const PLAINTEXT_FLOOR = 16384;
export const PLAINTEXT_LIMIT = 262144;
export const PREAMBLE_BYTES = 97;
export const TEXT_LIMIT = 250000;
export const JSON_DEPTH = 8;
export const INTEGER_LIMIT = 9007199254740991;
export const ANSWERS_LIMIT = 32;
export const ANSWER_LIMIT = 2000;
export const IDENTITY_BYTES = 1024;
export const IDENTITY_FIELD = 5790;
export const STANZAS_LIMIT = 4;
export const HEADER_LIMIT = 16384;
export const STANZA_BYTES = 1557;
export const CHUNK_BYTES = 65536;
export const PAGE_BYTES = 65536;
export const ANSWER_BYTES = 1048576;
export const CHALLENGE_LIMIT = 512;
export const PROOF_BYTES = 8;
export const PART_BYTES = 262144;
export const FILE_ID_BYTES = 16;
export const FILE_LIMIT = 4294967296;
export const FILES_LIMIT = 32;
export const NAME_LIMIT = 255;
export const TYPE_LIMIT = 127;
export const QUESTIONS_LIMIT = 16;
export const CHOICES_LIMIT = 8;

export const LABEL_CARD = 'whistle/1 card';
export const LABEL_REPORTER = 'whistle/1 reporter content';
export const LABEL_VOICE = 'whistle/1 voice content';
export const LABEL_RECEIPT = 'whistle/1 receipt';
export const LABEL_LOG = 'whistle/1 log head';
export const LABEL_BOX = 'whistle/1 box';
export const LABEL_ROOT = 'whistle/1 root';
export const LABEL_SIGNING = 'whistle/1 reporter signing';
export const LABEL_AGE = 'whistle/1 reporter age';
export const LABEL_ACCESS = 'whistle/1 reporter access';
export const LABEL_BOARD = 'whistle/1 reporter board';
export const LABEL_WRAP = 'whistle/1 private key wrap';
export const LABEL_FILE_KEY = 'whistle/1 file key wrap';
export const LABEL_SHEET = 'whistle/1 case sheet';
export const LABEL_TAG = 'whistle/1 tag';
export const LABEL_REMOVED = 'whistle/1 removed content';
export const LABEL_CONTINUES = 'whistle/1 continues';

/**
 * The bytes of a label: its text and the zero byte that ends every label.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function label(text) {
  return new TextEncoder().encode(text + '\0');
}
