// @ts-check
// Everything that can go wrong in the browser, by name. `code` is a stable word by which the pages look up what to say to the
// person; `message` adds which part it was, for whoever reads the program. No error ever carries a byte of what was being read.

export class WhistleError extends Error {
  code = 'whistle-error';

  get name() {
    return this.code; // class names do not survive the bundle
  }
}

/** A value that one fixed spelling describes (hexadecimal, base64, a recipient, a day) was spelled otherwise. */
export class NotThisSpelling extends WhistleError { code = 'not-this-spelling'; }

/** The browser, or the way it reached this page, lacks something without which nothing may be sealed. */
export class CapabilityMissing extends WhistleError {
  code = 'capability-missing';

  /** @param {'secure-context' | 'randomness' | 'webcrypto' | 'streams'} what */
  constructor(what) {
    super(what);
    this.what = what;
  }
}

/** A character that no case code contains, or a vowel where a consonant belongs. Position counts typed characters from 1. */
export class CodeHasBadCharacter extends WhistleError {
  code = 'code-has-bad-character';

  /**
   * @param {string} character
   * @param {number} position
   * @param {number} letters before it
   */
  constructor(character, position, letters) {
    super();
    this.character = character;
    this.position = position;
    this.letters = letters;
  }
}

/** A case code has 45 letters; this one has another number of them. */
export class CodeHasWrongLength extends WhistleError {
  code = 'code-has-wrong-length';

  /** @param {number} letters */
  constructor(letters) {
    super();
    this.letters = letters;
  }
}

/** The check group does not fit. If one changed letter mends the code, `suggestion` is the mended code: ask, never assume. */
export class CodeMistyped extends WhistleError {
  code = 'code-mistyped';

  /** @param {string | null} suggestion */
  constructor(suggestion) {
    super();
    this.suggestion = suggestion;
  }
}

/** The signature does not verify, or its key or point is one that we refuse. */
export class BadSignature extends WhistleError { code = 'bad-signature'; }

/** The bytes are not JSON in the one spelling that we read. */
export class NotCanonical extends WhistleError { code = 'not-canonical'; }

/** The JSON is not a content that spec section 6 describes. */
export class NotAContent extends WhistleError { code = 'not-a-content'; }

/** A content of a kind that this version does not read or write in this direction. */
export class UnknownKind extends WhistleError { code = 'unknown-kind'; }

/** A text is longer than its limit, or the whole is larger than the largest plaintext. */
export class TextTooLong extends WhistleError { code = 'text-too-long'; }

/** A text is empty where something must be said. */
export class TextEmpty extends WhistleError { code = 'text-empty'; }

/** The opened bytes are not a signed plaintext. */
export class NotAPlaintext extends WhistleError { code = 'not-a-plaintext'; }

/** The bytes are not an envelope as spec section 8 draws it. */
export class NotAnEnvelope extends WhistleError { code = 'not-an-envelope'; }

/** The envelope is not for this key, or was changed on its way. */
export class DoesNotOpen extends WhistleError { code = 'does-not-open'; }

/** The file is not a key card. */
export class CardMalformed extends WhistleError { code = 'card-malformed'; }

/** The card is signed by another root than the one whose fingerprint is known here. Compare it with the poster. */
export class CardNotFromThisRoot extends WhistleError { code = 'card-not-from-this-root'; }

/** The card names the right root, which did not sign it. */
export class CardForged extends WhistleError { code = 'card-forged'; }

/** The card is a true card of another service. */
export class CardOfAnotherInstance extends WhistleError { code = 'card-of-another-instance'; }

/** The card was true until a day that has passed, or the clock is wrong: nothing may be sealed to it. Use the other ways. */
export class CardHasEnded extends WhistleError {
  code = 'card-has-ended';

  /** @param {string} ends the last day on which it was good */
  constructor(ends) {
    super();
    this.ends = ends;
  }
}

/** The card has no such group. */
export class NoSuchGroup extends WhistleError { code = 'no-such-group'; }

/** The card itself says that the group's recipient is never to be trusted. */
export class RecipientRevoked extends WhistleError { code = 'recipient-revoked'; }

/** The group has too few members for an identity under two seals. */
export class NoRings extends WhistleError { code = 'no-rings'; }

/** An identity of which nothing was given. */
export class IdentityEmpty extends WhistleError { code = 'identity-empty'; }

/** Name and contact are longer than what is sealed of every identity. */
export class IdentityTooLong extends WhistleError { code = 'identity-too-long'; }

/** Intake knows no box for this code: mistyped, forgotten, or never sent. The three look alike. */
export class NoSuchBox extends WhistleError { code = 'no-such-box'; }

/** Intake's answer is not the one that the protocol describes. */
export class UnexpectedAnswer extends WhistleError {
  code = 'unexpected-answer';

  /**
   * @param {string} what
   * @param {number} status of HTTP, if it says that something before intake answered
   */
  constructor(what, status = 0) {
    super(what);
    this.status = status;
  }
}

/** Intake asks for a proof that would keep a device busy for hours. No intake of ours does: nothing is sent to this one. */
export class ProofTooHard extends WhistleError { code = 'proof-too-hard'; }

/** Intake refused, and said why by a name of spec section 8; `code` is that name with hyphens. */
export class IntakeRefused extends WhistleError {
  /**
   * @param {string} name
   * @param {number} status
   */
  constructor(name, status) {
    super();
    this.code = name.replaceAll('_', '-');
    this.status = status;
  }
}

/** Nothing came back. The same bytes may be sent again. */
export class NetworkFailed extends WhistleError { code = 'network-failed'; }

/** The message was posted, and is not in the box. The same bytes may be sent again. */
export class NotConfirmed extends WhistleError { code = 'not-confirmed'; }

/** The message is in the box, and another took its place first, as from a second window. Send it again: it is sealed anew. */
export class ReplyOvertaken extends WhistleError { code = 'reply-overtaken'; }

/** Contents of the reporter's own are missing from the box, so that the next one cannot be numbered rightly. */
export class OwnContentsMissing extends WhistleError { code = 'own-contents-missing'; }

/** The text is not a receipt as spec section 6.4 describes it. */
export class NotAReceipt extends WhistleError { code = 'not-a-receipt'; }

/** A file of no bytes has nothing to be sealed. */
export class FileEmpty extends WhistleError { code = 'file-empty'; }

/** A file is larger than this service takes. */
export class FileTooLarge extends WhistleError {
  code = 'file-too-large';

  /** @param {number} limit in bytes */
  constructor(limit) {
    super();
    this.limit = limit;
  }
}

/** A file cannot be read, or was changed or moved since it was chosen. Choose it again. */
export class FileUnreadable extends WhistleError { code = 'file-unreadable'; }

/** The transfer was cancelled by the person, or by leaving the page. */
export class TransferCancelled extends WhistleError { code = 'transfer-cancelled'; }

/** Intake does not have the file: never sent, dropped after some days, or the server was put back. */
export class NoSuchFile extends WhistleError { code = 'no-such-file'; }

/** What came is not the file that was named: it was changed or cut on its way. Nothing of it is given. */
export class FileDamaged extends WhistleError { code = 'file-damaged'; }

/** The photo is damaged, or of no kind out of which metadata can be taken here. Nothing of it is given. */
export class PhotoUnreadable extends WhistleError { code = 'photo-unreadable'; }
