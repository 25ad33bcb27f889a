"""A mailbox as a terminal shows it. Nothing that another wrote reaches the terminal as more than letters."""

import typer

from whistle.protocol.content import (
    TO_DESK,
    Answers,
    Consent,
    ConsentWithdrawn,
    Content,
    Continues,
    Files,
    MinutesAgreed,
    MinutesCorrected,
    Notice,
    Questions,
    Read,
    Report,
    SealedIdentity,
)
from whistle.protocol.receipt import Receipt
from whistle.reporter.dialogue import Mailbox
from whistle.sealing.contents import Item

_SEALED = "an identity is given, sealed so that it takes two people to open it"


def show(box: Mailbox) -> None:
    """The dialogue, with what was received of it and what is missing."""
    for item in box.thread.items:
        text = visible(_text(item.content, box)) if item.content else ""
        typer.echo(f"\n{item.day}  {_who(item)}{_received(item, box)}\n{text}")
    for direction, count in box.thread.withheld.items():
        if count:
            typer.echo(f"\nWITHHELD: {count} {direction}: the other side has seen them, this box does not show them.")


def show_receipt(box: Mailbox) -> None:
    """Whether the report was received, and what that means."""
    receipt = box.receipt_of(box.report) if box.report else None
    if receipt:
        typer.echo(f"RECEIPT: the desk's machine has your report since {receipt.day}. Nobody need have read it yet.", err=True)
    else:
        typer.echo(
            "No receipt yet. Look later with `whistle mailbox`: if none ever comes, your report did not reach the desk.",
            err=True,
        )


def _who(item: Item) -> str:
    if item.content is None:
        return f"[{item.verdict.upper()}: not shown as a message]"
    gap = f"  [{item.missing} missing before this]" if item.missing else ""
    return f"{'you' if item.direction == TO_DESK else item.content.context.group}, {item.content.kind}{gap}"


def _received(item: Item, box: Mailbox) -> str:
    return _receipt(box.receipt_of(item)) if item.content and item.direction == TO_DESK else ""


def _receipt(receipt: Receipt | None) -> str:
    return f"  [receipt of {receipt.day}]" if receipt else "  [no receipt yet]"


def visible(text: str) -> str:
    """A text without the control characters that could move a terminal's cursor."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def line(text: str) -> str:
    """A name, which cannot pass for more than a part of its line."""
    return visible(text).replace("\n", "�")


def _text(content: Content, box: Mailbox) -> str:
    """What stands under the title of a content, of whatever kind."""
    parts = (_about(content, box), getattr(content.body, "text", ""), _list(content, box))
    return "\n".join(part for part in parts if part)


def _about(content: Content, box: Mailbox) -> str:
    """What a content says in its fields, in words of ours."""
    match content.body:
        case Notice():
            return f"[{content.body.state}]"
        case Report() if content.body.identity:
            return f"[{_SEALED}]"
        case SealedIdentity():
            return _SEALED
        case Continues():
            return "This mailbox goes on from an earlier one."
        case Consent():
            return f"You agree to this: {content.body.scope}"
        case Answers() | MinutesAgreed() | MinutesCorrected() | ConsentWithdrawn() | Read():
            named = box.thread.named_by(content)
            about = f"{named.content.kind} of {named.day}" if named and named.content else "something that is not in this box"
            return f"About: {about}"
    return ""


def _list(content: Content, box: Mailbox) -> str:
    match content.body:
        case Files():
            return _files(content.body, content.context.direction == TO_DESK, box)
        case Questions():
            return "\n".join(
                f"{number}. {line(question.text)}" + "".join(f"\n   - {line(choice)}" for choice in question.choices)
                for number, question in enumerate(content.body.questions, start=1)
            )
        case Answers():
            return _answers(content, content.body, box)
    return ""


def _files(body: Files, own: bool, box: Mailbox) -> str:
    names = [(f"{line(file.name)} ({file.size} bytes)", box.receipts.get(file.sealed)) for file in body.files]
    return "\n".join(name + (_receipt(receipt) if own else "") for name, receipt in names)


def _answers(content: Content, body: Answers, box: Mailbox) -> str:
    named = box.thread.named_by(content)
    asked = named.content.body if named and named.content else None
    found = []
    for each in body.answers:
        question, choice = asked.words(each) if isinstance(asked, Questions) else (None, None)
        left = f"Question {each.question + 1}, which is not here" if question is None else line(question)
        right = f"choice {each.choice + 1}, which is not here" if choice is None else line(choice)
        found.append(f"{left}: {right}")
    return "\n".join(found)
