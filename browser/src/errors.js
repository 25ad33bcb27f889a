// @ts-check
// Everything that can go wrong in the browser, by name. `code` is a stable kebab-case word by which the pages look up what
// to say to the person; `message` is for whoever reads the program. No error ever carries a byte of what was being read.

export class WhistleError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A value that one fixed spelling describes (hexadecimal, base64, a recipient, a day) was spelled otherwise. */
export class NotThisSpelling extends WhistleError {
  /** @param {string} what */
  constructor(what) {
    super('not-this-spelling', `This is not ${what}.`);
  }
}

/** The browser lacks something without which nothing may be sealed. */
export class CapabilityMissing extends WhistleError {
  /** @param {'secure-context' | 'randomness' | 'webcrypto' | 'streams'} what */
  constructor(what) {
    super('capability-missing', `This browser, or the way it reached this page, lacks: ${what}.`);
    this.what = what;
  }
}

/** A character that no case code contains, or a vowel where a consonant belongs. Position counts typed characters from 1. */
export class CodeHasBadCharacter extends WhistleError {
  /**
   * @param {string} character
   * @param {number} position
   */
  constructor(character, position) {
    super('code-has-bad-character', 'The case code has a character that does not belong there.');
    this.character = character;
    this.position = position;
  }
}

/** A case code has 45 letters; this one has another number of them. */
export class CodeHasWrongLength extends WhistleError {
  /** @param {number} letters */
  constructor(letters) {
    super('code-has-wrong-length', 'A case code has 45 letters.');
    this.letters = letters;
  }
}

/** The check group does not fit. If one changed letter mends the code, `suggestion` is the mended code: ask, never assume. */
export class CodeMistyped extends WhistleError {
  /** @param {string | null} suggestion */
  constructor(suggestion) {
    super('code-mistyped', 'The case code does not fit its check group.');
    this.suggestion = suggestion;
  }
}

/** The signature does not verify, or its key or point is one that we refuse. */
export class BadSignature extends WhistleError {
  constructor() {
    super('bad-signature', 'The signature does not verify.');
  }
}

/** The bytes are not JSON in the one spelling that we read. */
export class NotCanonical extends WhistleError {
  /** @param {string} why */
  constructor(why) {
    super('not-canonical', `The JSON is refused: ${why}.`);
  }
}

/** The JSON is not a content that spec section 6 describes. */
export class NotAContent extends WhistleError {
  /** @param {string} why */
  constructor(why) {
    super('not-a-content', `The content is refused: ${why}.`);
  }
}

/** A kind of content that this version does not read or write. */
export class UnknownKind extends WhistleError {
  constructor() {
    super('unknown-kind', 'The content is of a kind that this version does not know.');
  }
}

/** A text is longer than its limit, or the whole is larger than the largest plaintext. */
export class TextTooLong extends WhistleError {
  constructor() {
    super('text-too-long', 'The text is too long to be sent as one content.');
  }
}

/** A text is empty where something must be said. */
export class TextEmpty extends WhistleError {
  constructor() {
    super('text-empty', 'The text is empty.');
  }
}

/** The opened bytes are not a signed plaintext. */
export class NotAPlaintext extends WhistleError {
  /** @param {string} why */
  constructor(why) {
    super('not-a-plaintext', `The signed plaintext is refused: ${why}.`);
  }
}

/** The bytes are not an envelope as spec section 8 draws it. */
export class NotAnEnvelope extends WhistleError {
  /** @param {string} why */
  constructor(why) {
    super('not-an-envelope', `The envelope is refused: ${why}.`);
  }
}

/** The envelope is not for this key, or was changed on its way. */
export class DoesNotOpen extends WhistleError {
  constructor() {
    super('does-not-open', 'The envelope does not open with this key.');
  }
}

/** The file is not a key card. */
export class CardMalformed extends WhistleError {
  /** @param {string} why */
  constructor(why) {
    super('card-malformed', `The key card is refused: ${why}.`);
  }
}

/** The card is signed by another root than the one whose fingerprint is known here. Compare it with the poster. */
export class CardNotFromThisRoot extends WhistleError {
  constructor() {
    super('card-not-from-this-root', 'The key card belongs to another root.');
  }
}

/** The card names the right root, which did not sign it. */
export class CardForged extends WhistleError {
  constructor() {
    super('card-forged', 'The key card was not signed by the root it names.');
  }
}

/** The card is a true card of another service. */
export class CardOfAnotherInstance extends WhistleError {
  constructor() {
    super('card-of-another-instance', 'The key card belongs to another instance.');
  }
}

/** The card was true until a day that has passed: nothing may be sealed to it. Use the other ways to report. */
export class CardHasEnded extends WhistleError {
  constructor() {
    super('card-has-ended', 'The key card has ended.');
  }
}

/** The card has no such group. */
export class NoSuchGroup extends WhistleError {
  constructor() {
    super('no-such-group', 'The key card names no such group.');
  }
}

/** The card itself says that the group's recipient is never to be trusted. */
export class RecipientRevoked extends WhistleError {
  constructor() {
    super('recipient-revoked', 'The recipient of this group is revoked.');
  }
}

/** Intake knows no box for this code: mistyped, forgotten, or never sent. The three look alike. */
export class NoSuchBox extends WhistleError {
  constructor() {
    super('no-such-box', 'There is no such box.');
  }
}

/** Intake's answer is not the one that the protocol describes. */
export class UnexpectedAnswer extends WhistleError {
  /** @param {string} why */
  constructor(why) {
    super('unexpected-answer', `The answer is refused: ${why}.`);
  }
}

/** Intake refused, and said why by a name of spec section 8; `code` is that name with hyphens. */
export class IntakeRefused extends WhistleError {
  /**
   * @param {string} name
   * @param {number} status
   */
  constructor(name, status) {
    super(name.replaceAll('_', '-'), `Intake refused: ${name}.`);
    this.status = status;
  }
}

/** Nothing came back. The same bytes may be sent again. */
export class NetworkFailed extends WhistleError {
  constructor() {
    super('network-failed', 'No answer came back.');
  }
}

/** The message was posted, and is not in the box. The same bytes may be sent again. */
export class NotConfirmed extends WhistleError {
  constructor() {
    super('not-confirmed', 'The message is not in the box after it was sent.');
  }
}

/** Contents of the reporter's own are missing from the box, so that the next one cannot be numbered rightly. */
export class OwnContentsMissing extends WhistleError {
  constructor() {
    super('own-contents-missing', 'Something that you sent is missing from the box.');
  }
}
