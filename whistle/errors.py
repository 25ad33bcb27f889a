"""The tree of named errors: the class is what happened, its docstring is the message for the person who must act.

No error ever carries what a reporter wrote, a key, a code or an address.
"""


class WhistleError(Exception):
    """Something went wrong that Whistle has a name for."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class SettingsWrong(WhistleError):
    """A setting is missing, unknown or not of its kind."""


class NoSuchPreset(SettingsWrong):
    """There is no preset of this name: choose one of those that are listed."""


class NotShortened(SettingsWrong):
    """A setting may make a limit of its preset stricter, never looser."""


# What arrives is not what it should be ------------------------------------------------------------------------------


class Malformed(WhistleError):
    """These bytes are not what they claim to be; nothing of them was kept."""


class NotAnEnvelope(Malformed):
    """This is not a sealed envelope. Nothing of it was kept."""


class NotASubmission(Malformed):
    """This is not a submission: box, token, proof, challenge, envelope. Nothing of it was kept."""


class NotAReceipt(Malformed):
    """This is not a receipt of version 1."""


class NotALogHead(Malformed):
    """This is not a head of a log of version 1."""


class NotPages(Malformed):
    """These are not pages of a box."""


class NotACard(Malformed):
    """This is not a key card of version 1."""


class NotAContent(Malformed):
    """This opens, and is not a content of version 1."""


class NotARecipient(Malformed):
    """This is not an age recipient of the hybrid kind (age1pq1…)."""


class NotAnIdentity(Malformed):
    """This is not an age identity of the hybrid kind (AGE-SECRET-KEY-PQ-1…)."""


class IdentityUnreadable(Malformed):
    """What was sealed as an identity is none. Nothing of it is shown."""


class NotAWrappedKey(Malformed):
    """This is not a wrapped private key file of version 1."""


# The case code --------------------------------------------------------------------------------------------------------


class CodeUnreadable(WhistleError):
    """This is not a case code."""


class CodeHasBadCharacter(CodeUnreadable):
    """A case code has only the letters a b d f g h i j k l m n o p r s t u v z."""

    def __init__(self, character: str, position: int) -> None:
        super().__init__(f"The character at place {position} cannot be part of a case code.")
        self.character = character
        self.position = position


class CodeHasWrongLength(CodeUnreadable):
    """A case code has nine groups of five letters."""

    def __init__(self, letters: int) -> None:
        super().__init__(f"A case code has 45 letters; this has {letters}.")
        self.letters = letters


class CodeMistyped(CodeUnreadable):
    """A letter of the case code is wrong. Compare it with what you wrote down."""

    def __init__(self, suggestion: str | None) -> None:
        super().__init__()
        self.suggestion = suggestion


# Keys and seals -------------------------------------------------------------------------------------------------------


class SealingError(WhistleError):
    """A seal, a signature or a key did not hold."""


class HeaderFailed(SealingError):
    """The header of this age file cannot be read."""


class NoMatch(SealingError):
    """None of these keys opens this file."""


class HeaderForged(SealingError):
    """The header of this age file was changed after it was sealed."""


class PayloadFailed(SealingError):
    """The payload of this age file was changed or cut after it was sealed."""


class BadSignature(SealingError):
    """This signature does not verify."""


class WrongPassphrase(SealingError):
    """The passphrase is not the one, or the machine secret is not this machine's."""


class WeakWrapping(SealingError):
    """This private key file is wrapped with a cost outside the permitted bounds."""


class CardRefused(WhistleError):
    """This key card must not be used."""


class CardNotFromThisRoot(CardRefused):
    """This key card was signed by another root than the one whose fingerprint was given."""


class CardForged(CardRefused):
    """The signature of this key card does not verify."""


class CardOfAnotherInstance(CardRefused):
    """This key card belongs to another instance."""


class CardHasEnded(CardRefused):
    """This key card has ended. Publish a renewed one; until then reports go by the other ways."""


class CardIsDemo(CardRefused):
    """This is a demo card. Production needs a card made in a ceremony."""


class RecipientRevoked(CardRefused):
    """This group's key on the card was revoked: nothing may be sealed to it. Publish a renewed card."""


class GroupUnknown(CardRefused):
    """There is no such group on the key card."""


# At the door ----------------------------------------------------------------------------------------------------------


class StorageFailed(WhistleError):
    """The store could not keep this. Nothing was acknowledged; send the same again."""


class PlaceTaken(WhistleError):
    """Something else is in this place already."""


class BoxFull(WhistleError):
    """This box takes no more today. Write again tomorrow."""


class FileTooLarge(WhistleError):
    """This file is larger than what is taken here. Nothing of it was kept."""


class NoSuchFile(WhistleError):
    """There is no file under way with this name and length. Begin it again."""


class NoRoom(WhistleError):
    """There is room for texts here, and for the moment none for files. Nothing was kept; send the same again later."""


class ChallengeRefused(WhistleError):
    """The challenge is missing, old, spent or unsolved. Ask for a new one and send the same again."""


# Between programs -----------------------------------------------------------------------------------------------------


class NetworkFailed(WhistleError):
    """Nothing came back. Send the same again."""


class IntakeRefused(WhistleError):
    """Intake refused this."""


class NoSuchBox(WhistleError):
    """There is no box for this code: never opened, forgotten since, or the code is another one's."""


class OwnContentsMissing(WhistleError):
    """Something that you wrote is no longer in the box, and the other side has seen it. Tell them by another way."""


class IdentityEmpty(WhistleError):
    """Give a name or a way to reach you, or leave the identity out."""


class IdentityTooLong(WhistleError):
    """The name and the contact are too long to be sealed together. Shorten them, or write the rest in a message."""


class NoRings(WhistleError):
    """This group cannot take an identity under two seals: it has too few members. Leave the identity out."""


class NotConfirmed(WhistleError):
    """The message was sent and is not in the box. Open the box again before writing it anew."""


# Files ----------------------------------------------------------------------------------------------------------------


class NotTheFile(Malformed):
    """These are not the sealed bytes of the file that was named. Nothing of them is kept."""


class FileChanged(WhistleError):
    """The file changed while it was read. Send it again."""


class FileRefused(WhistleError):
    """This file cannot be sent."""


class TransferForgotten(WhistleError):
    """The server no longer has the beginning of this file: it was away too long. Send the file again."""


class FileMissing(WhistleError):
    """The file is not in the box, or not any more."""


class NoReceipt(WhistleError):
    """There is no receipt of the report yet, and without it there is no proof. Look again later."""


# The ceremony ---------------------------------------------------------------------------------------------------------


class CeremonyRefused(WhistleError):
    """The ceremony stopped before it made anything."""


# The desk -------------------------------------------------------------------------------------------------------------


class DeskRefused(WhistleError):
    """The desk does not start, or does not do this."""


class SignInRefused(WhistleError):
    """The name and the passphrase do not belong together, or this name must wait."""


class FactorRefused(WhistleError):
    """The code or the passkey was not taken: wrong, used before, too late, or this member must wait."""


class PasskeyCloned(FactorRefused):
    """This passkey has counted fewer uses than are known here: there may be a copy of it."""


class FactorNeeded(WhistleError):
    """A member has a second factor before anything else, and keeps one."""


class StepUpNeeded(WhistleError):
    """What weighs much asks once more who is there."""


class DeskBusy(WhistleError):
    """Too many people are signing in at this moment. Try again in a minute."""


class PassphraseTooWeak(WhistleError):
    """A passphrase has 15 to 1,024 characters and is not a name or a common phrase."""


class NotYours(WhistleError):
    """There is no such case for you."""


class NotDeclared(WhistleError):
    """A case is opened only by who has declared that they have no conflict of interest in it."""


class LastReader(WhistleError):
    """Nobody could read the case any more: hand it to another group first."""


class NoMemberChosen(WhistleError):
    """No member who can read the case is chosen."""


class NoGroupChosen(WhistleError):
    """No other group is chosen whose members could read the case."""


class FilesUnopened(WhistleError):
    """A file of the case came and is still sealed to this group: open the case once more before it is handed over."""


class NotAllowed(WhistleError):
    """The member's role does not include this."""


class ForbiddenStep(WhistleError):
    """A case cannot go from its state to that one."""


class OutcomeMissing(ForbiddenStep):
    """A case is closed only once it has an outcome, which the reporter is told."""


class FeedbackMissing(ForbiddenStep):
    """A case is closed only once its reporter has had feedback, or a note says why there is none."""


class RiskUnassessed(ForbiddenStep):
    """A case is investigated only once somebody has assessed the risk of retaliation, with a plan against it."""


class Overtaken(WhistleError):
    """Something was written in this case since this page was opened. Look at it, and send yours again."""


class NeedsAnother(DeskRefused):
    """What takes two members is confirmed by another one than who asked for it."""


class NeedsOtherRing(DeskRefused):
    """An identity takes a member of each ring: whoever asked is of the same one."""


class NotInARing(DeskRefused):
    """Only the members of the two rings reveal an identity."""


class RequestEnded(DeskRefused):
    """This request to reveal an identity is not open any more. Ask anew."""


class BroadcastWaits(DeskRefused):
    """The group has a message to every open mailbox that waits already."""


class BroadcastOver(DeskRefused):
    """This message to every open mailbox does not wait any more, or is another one than was read."""


class BroadcastUnreadable(DeskRefused):
    """What waits does not open, so nobody can confirm it."""


class BroadcastUnfinished(DeskRefused):
    """Some cases could not have the message, which all the others have."""


class NoGroundChosen(DeskRefused):
    """Choose the legal ground of the disclosure."""


class ConsentIsWithdrawn(DeskRefused):
    """The reporter has withdrawn this consent: nothing may be disclosed on it."""


class DisclosureIncomplete(DeskRefused):
    """Say to whom what is disclosed, and tell the reporter or say why that cannot be."""


class LastAuditor(DeskRefused):
    """Nobody would be left to read the log of every group."""


class PersonChanged(DeskRefused):
    """Somebody else did something about this person since this page was opened."""


class NameRefused(DeskRefused):
    """A name is small letters, digits and dashes, begins with a letter, and is not a word of the log's own."""


class NameTaken(DeskRefused):
    """Somebody has or had this name; another person needs another one."""


class PlaceRefused(DeskRefused):
    """Investigators and leads are in a group, in a ring if it has rings; auditors and administrators are in none."""


class InvitationEnded(DeskRefused):
    """This link was used, replaced or never given, or its seven days are over. Ask for another one."""


class LastLead(DeskRefused):
    """The last lead of a group cannot go: nobody could let others in. Invite another lead and let them in first."""


class LastOfRing(DeskRefused):
    """The last member who holds a ring's keys cannot go: no identity could be opened. Bring another one into the ring first."""


class CaseUnread(DeskRefused):
    """The last member who may read a case cannot go: let somebody back into it, hand it on, or bring in another one first."""


class NeedsHolder(DeskRefused):
    """This takes somebody who holds the keys: a lead of that group, or for a ring's keys a member of the ring."""


class KeysOfOthers(DeskRefused):
    """The new keys are not sealed to exactly today's members. Turn again, with what `whistle-desk register` writes now."""


class GroupFull(DeskRefused):
    """A group's keys have 40 holders at the most, its recovery among them."""


class PassphraseOver(DeskRefused):
    """This passphrase has to be changed before anything else."""


class PassphraseUnchanged(DeskRefused):
    """The new passphrase is the former one."""


class ReviewRefused(DeskRefused):
    """The day of review must be to come, and six months ahead at the most."""


class NotADay(DeskRefused):
    """A day must be one of the calendar, and where it is asked for it must be given: to come, or past."""


class NoSuchChoice(DeskRefused):
    """What was chosen is not in the list."""


class NoSuchCase(DeskRefused):
    """Cases are linked by their numbers, and only those that the member may see."""


class SheetDamaged(DeskRefused):
    """The sheet of this case does not open: its bytes are not those that were kept."""


class ChoiceMissing(DeskRefused):
    """Something must be chosen of what the page offers."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


class ReceivedRefused(DeskRefused):
    """The day of receipt must be today or before, and at most ten years ago."""


class MailRefused(DeskRefused):
    """This cannot be read as an e-mail, or it has too many parts. Write down what it says, and send its files by themselves."""


class MailGone(DeskRefused):
    """The e-mail that this page was about is not held any more. Choose it again."""


class AlreadyFiled(DeskRefused):
    """This page was sent before: the report is filed. Its code was shown then and is not kept."""


class ConsentMissing(DeskRefused):
    """A recording is kept only if the person agreed to it, and it is written down how."""


class RecordedRefused(DeskRefused):
    """The day of a recording must be today or before, and its time must not be over."""


class LogBroken(DeskRefused):
    """A line of the log was changed or taken away."""


class HeadNotWritten(DeskRefused):
    """The head of the log could not be written to its folder."""


class NothingChosen(DeskRefused):
    """Nothing of this case that can be removed was chosen."""


class PartNeeded(DeskRefused):
    """Something else in the case points to this part: a disclosure, or a line of the log that gives it as the reason."""


class MailNotSent(DeskRefused):
    """The mail server did not take a mail. It is tried again."""


class NotACaseNumber(DeskRefused):
    """A case is looked for by its number."""


class RootKeyNearby(DeskRefused):
    """The private key of the root, or a recovery identity, lies on this machine. Take it offline before the desk starts."""


class NotThisForm(DeskRefused):
    """This form did not come from a page of this desk, or the page was open too long. Open it again and send it anew."""


class NotSignedIn(DeskRefused):
    """Sign in first: a session ends after 15 minutes without use, and after 8 hours."""


class NotEnrolled(DeskRefused):
    """Nobody is enrolled in this database. Run whistle-desk enrol with the folder that the ceremony handed over."""


class MachineSecretWrong(DeskRefused):
    """The machine secret's file must be one line: WHISTLE-MACHINE-SECRET-1 and 64 hexadecimal characters."""


class ReceiptKeyWrong(DeskRefused):
    """The receipt key does not open with this machine's secret. Both come from the desk folder of one ceremony."""


class ReceiptKeyNotListed(DeskRefused):
    """The key card does not list this desk's receipt key for today: what arrives gets no receipt. Publish a card that does."""


class NoSuchView(DeskRefused):
    """There is no such view of the inbox: days are written as 2026-11-24, and the first does not come after the last."""


class NoSuchPeriod(DeskRefused):
    """There are no numbers of such a group, year or quarter."""


class NoFileChosen(DeskRefused):
    """Choose a file first; an empty one is not sent."""


class QuestionsIncomplete(DeskRefused):
    """Every question needs words and two to eight choices with words; one to sixteen questions go out together."""


class NoOutcomeChosen(DeskRefused):
    """No outcome of the list is chosen."""


class ChecklistIncomplete(DeskRefused):
    """What was found or decided is told only once every line of its checklist is ticked."""


class FeedbackUnfinished(DeskRefused):
    """The proposed text still has a gap where somebody's own words must stand."""


class NoticeUnfinished(FeedbackUnfinished):
    """The message about a disclosure still has gaps."""


class TextMissing(DeskRefused):
    """There is nothing to send: write something first."""


class FallbackMissing(TextMissing):
    """A message in several languages needs one in English, for whoever reads none of the others."""


class TextTooLong(DeskRefused):
    """This text is too long for one message. Send it in two."""


class PassphrasesDiffer(DeskRefused):
    """The new passphrase was not typed the same twice."""
