"""The reporter's client against a running intake, with a desk that is played by its keys."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx2
import pytest

from tests.intake.running import Intake as Running
from tests.reporter.conftest import TODAY, prepared
from whistle.errors import IntakeRefused, NetworkFailed, NoRings, NoSuchBox, NotConfirmed, OwnContentsMissing
from whistle.protocol import code as codes
from whistle.protocol.card import Card, GroupKey
from whistle.protocol.content import (
    TO_DESK,
    TO_REPORTER,
    Acknowledgement,
    Close,
    Consent,
    Content,
    Context,
    Continues,
    MeetingRequest,
    Position,
    Report,
    Retaliation,
    SealedIdentity,
)
from whistle.protocol.identity import IdentityGiven
from whistle.protocol.wire import TO_DESK as FRAME_TO_DESK
from whistle.protocol.wire import TO_REPORTER as FRAME_TO_REPORTER
from whistle.protocol.wire import Frame, serialize_pages
from whistle.reporter.dialogue import Mailbox, PreparedReport, keys_of, open_mailbox, prepare_report
from whistle.reporter.intake import Intake
from whistle.sealing import contents
from whistle.sealing.continuing import check_continues
from whistle.sealing.derivation import ReporterKeys
from whistle.sealing.identity import open_inner, strip_outer
from whistle.sealing.keys import Identity, SigningKey


def acknowledge(running: Running, card: Card, keys: ReporterKeys, box: Mailbox, voice: SigningKey) -> None:
    """What the desk would push: signed by the voice, sealed to group and reporter."""
    recipient = card.recipient("risk")
    key = recipient.epoch, recipient.digest
    seen = box.thread.last[TO_DESK]
    context = Context(card.instance, keys.box, TO_REPORTER, "risk", *key, 1, bytes(32), seen)
    sealed = contents.seal(Content(context, Acknowledgement("Modtaget.")), voice, [recipient.raw, keys.identity.recipient])
    pushed = running.relay("/relay/push", serialize_pages([Frame(0, FRAME_TO_REPORTER, TODAY, keys.box, sealed)], False))
    assert pushed.json == {"stored": 1, "unknown": 0}


def test_a_report_is_delivered_and_read_back_with_the_code_alone(intake: Intake, card: Card) -> None:
    code = prepared(card).deliver(intake)
    thread = open_mailbox(keys_of(code.upper().replace("-", " "), card), card, intake).thread
    assert [getattr(item.content.body, "text", "") for item in thread.items if item.content] == ["Noget er galt."]
    assert thread.items[0].day == TODAY


def test_a_report_delivered_twice_stands_in_its_box_once(intake: Intake, card: Card) -> None:
    report = prepared(card)
    assert report.deliver(intake) == report.deliver(intake)
    assert len(open_mailbox(report.keys, card, intake).thread.items) == 1


def test_a_dialogue_goes_there_and_back_and_verifies(intake: Intake, running: Running, card: Card, voice: SigningKey) -> None:
    report = prepared(card)
    report.deliver(intake)
    acknowledge(running, card, report.keys, open_mailbox(report.keys, card, intake), voice)
    box = open_mailbox(report.keys, card, intake).reply("I marts.")
    assert [str(item.verdict) for item in box.thread.items] == ["verified"] * 3
    assert [item.direction for item in box.thread.items] == [TO_DESK, TO_REPORTER, TO_DESK]
    answer = box.thread.items[-1].content
    assert answer
    assert answer.context.seen == box.thread.last[TO_REPORTER] != Position()


A, B = Identity(bytes(range(32))), Identity(bytes(range(1, 33)))
GIVEN = IdentityGiven("Søren Ærlig", "20 12 34 56")


def ringed(card: Card) -> Card:
    """The card with rings for its group."""
    rings = GroupKey(1, A.recipient), GroupKey(1, B.recipient)
    return replace(card, groups=(replace(card.groups[0], rings=rings),))


def test_a_report_with_an_identity_is_read_by_its_rings_and_looks_like_one_without(intake: Intake, card: Card) -> None:
    named = prepare_report(ringed(card), "risk", "Noget er galt.", "da", (), os.urandom, GIVEN)
    assert len(named.envelope) == len(prepared(card).envelope)
    named.deliver(intake)
    report = open_mailbox(named.keys, card, intake).report
    assert report
    assert report.content
    assert isinstance(report.content.body, Report)
    assert report.content.body.identity
    assert open_inner(strip_outer(report.content.body.identity, A), B) == GIVEN


def test_an_identity_can_be_given_later(intake: Intake, card: Card) -> None:
    report = prepared(card)
    report.deliver(intake)
    box = open_mailbox(report.keys, ringed(card), intake).identify(GIVEN)
    item = box.thread.items[-1]
    assert str(item.verdict) == "verified"
    assert item.content
    assert isinstance(item.content.body, SealedIdentity)
    assert open_inner(strip_outer(item.content.body.identity, A), B) == GIVEN


def test_a_group_without_rings_is_told_no_name(intake: Intake, card: Card) -> None:
    with pytest.raises(NoRings):
        prepare_report(card, "risk", "Noget er galt.", "da", (), os.urandom, GIVEN)
    report = prepared(card)
    report.deliver(intake)
    box = open_mailbox(report.keys, card, intake)
    with pytest.raises(NoRings):
        box.identify(GIVEN)
    assert len(open_mailbox(report.keys, card, intake).thread.items) == 1


def test_whatever_a_reporter_can_say_is_said_in_one_chain(intake: Intake, card: Card) -> None:
    report = prepared(card)
    report.deliver(intake)
    box = open_mailbox(report.keys, card, intake)
    bodies = (Consent("Min leder."), Retaliation("Mine vagter er væk."), MeetingRequest(""), Close("Tak."))
    for body in bodies:
        box = box.say(body)
    assert [str(item.verdict) for item in box.thread.items] == ["verified"] * 5
    assert tuple(item.content.body for item in box.thread.items[1:] if item.content) == bodies


def test_a_fresh_code_goes_on_from_the_box_whose_key_vouches_for_it_and_says_so_once(intake: Intake, card: Card) -> None:
    first = prepared(card)
    first.deliver(intake)
    before = open_mailbox(first.keys, card, intake)
    successor = before.successor("Jeg fortsætter.", "da", os.urandom)
    successor.deliver(intake)
    after = before.follow(successor)
    assert len(before.follow(successor).thread.items) == 2
    report, said = (item.content.body for item in after.thread.items if item.content)
    assert isinstance(report, Report)
    assert report.text == "Jeg fortsætter."
    assert isinstance(said, Continues)
    check_continues(said, first.keys.signing.public, successor.keys.box)
    assert (said.box, after.group) == (first.keys.box, before.group)
    assert len(open_mailbox(first.keys, card, intake).thread.items) == 1


def test_a_voice_that_is_not_on_the_card_is_shown_as_forged(intake: Intake, running: Running, card: Card) -> None:
    report = prepared(card)
    report.deliver(intake)
    acknowledge(running, card, report.keys, open_mailbox(report.keys, card, intake), SigningKey(os.urandom(32)))
    item = open_mailbox(report.keys, card, intake).thread.items[-1]
    assert (str(item.verdict), item.content) == ("forged", None)


def test_an_unused_code_has_no_box(intake: Intake, card: Card) -> None:
    with pytest.raises(NoSuchBox):
        open_mailbox(keys_of(codes.write(os.urandom(16)), card), card, intake)


def test_a_reply_to_a_box_that_is_gone_is_not_called_sent(intake: Intake, card: Card) -> None:
    """Intake answers a post to an unknown box like any other; the client fetches, and does not believe it."""
    report, never_sent = prepared(card), prepared(card)
    report.deliver(intake)
    box = open_mailbox(report.keys, card, intake)
    with pytest.raises(NoSuchBox):
        replace(box, keys=never_sent.keys).reply("Hører nogen dette?")


def test_a_reply_that_the_server_drops_is_not_called_sent(running: Running, card: Card) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{running.port}", trust_env=False) as client:
        report = prepared(card)
        report.deliver(Intake(client))
        box = open_mailbox(report.keys, card, Dropping(client))
        with pytest.raises(NotConfirmed):
            box.reply("Hører nogen dette?")


class Dropping(Intake):
    """An intake that answers as if it had stored a message, and has not."""

    def deliver(self, envelope: bytes, keys: ReporterKeys, first: bool) -> None:
        assert not first


def test_what_intake_refuses_is_said_in_our_words(intake: Intake, card: Card) -> None:
    report = prepared(card)
    report.deliver(intake)
    again = PreparedReport(report.code, report.keys, prepared(card).envelope)
    with pytest.raises(IntakeRefused, match="another report under this code"):
        again.deliver(intake)


def test_a_servers_words_never_reach_the_terminal(card: Card) -> None:
    with answering(403, b'{"error":"your \\u001b[2J code","message":"Your report has arrived, your code is"}') as intake:
        with pytest.raises(IntakeRefused) as caught:
            prepared(card).deliver(intake)
        assert str(caught.value) == "Intake answered 403."


@pytest.mark.parametrize(
    "answer", [b"{}", b"[]", b"no", b'{"challenge":"c","difficulty":60}', b'{"challenge":1,"difficulty":1}']
)
def test_an_answer_that_makes_no_sense_is_named(card: Card, answer: bytes) -> None:
    with answering(200, answer) as intake, pytest.raises(IntakeRefused, match="cannot be read"):
        prepared(card).deliver(intake)


def test_pages_that_are_spoiled_are_not_called_an_unknown_code(card: Card) -> None:
    with answering(200, b"whistle/1 page\n" + b"x" * 65_521) as intake, pytest.raises(IntakeRefused):
        open_mailbox(prepared(card).keys, card, intake)


def test_places_that_come_twice_are_refused(card: Card) -> None:
    report = prepared(card)
    frame = Frame(1, FRAME_TO_DESK, TODAY, report.keys.box, report.envelope)
    with answering(200, serialize_pages([frame, frame], False)) as intake, pytest.raises(IntakeRefused):
        open_mailbox(report.keys, card, intake)


def test_nothing_is_written_in_a_box_from_which_something_of_ours_was_taken(
    intake: Intake, running: Running, card: Card, voice: SigningKey
) -> None:
    """Its number would be used twice, and the desk would show it as conflicting."""
    report = prepared(card)
    report.deliver(intake)
    open_mailbox(report.keys, card, intake).reply("Mere.")
    acknowledge(running, card, report.keys, open_mailbox(report.keys, card, intake), voice)
    with closing(sqlite3.connect(running.database, timeout=30)) as connection, connection:
        connection.execute("DELETE FROM entry WHERE place = 2 AND box = (SELECT max(id) FROM box)")
    box = open_mailbox(report.keys, card, intake)
    assert box.thread.withheld[TO_DESK] == 1
    with pytest.raises(OwnContentsMissing):
        box.reply("Er I der?")


@contextmanager
def answering(status: int, body: bytes) -> Iterator[Intake]:
    """A server that gives this one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"] or 0))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as client:
            yield Intake(client)
        server.shutdown()


def test_a_server_that_is_not_there_is_named(card: Card) -> None:
    with httpx2.Client(base_url="http://127.0.0.1:9", trust_env=False) as client, pytest.raises(NetworkFailed):
        prepared(card).deliver(Intake(client))


def test_nothing_but_sealed_bytes_is_stored(intake: Intake, running: Running, card: Card) -> None:
    text = "Kassen i Aarhus, onsdag den tredje."
    report = prepared(card, text)
    code = report.deliver(intake)
    stored = b"".join(file.read_bytes() for file in running.database.parent.iterdir())
    for secret in (text.encode(), code.encode(), code.replace("-", "").encode(), report.code, report.keys.access):
        assert secret not in stored
    assert sha256(report.envelope).digest() in stored
