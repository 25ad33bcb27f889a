"""A mailbox as a terminal shows it. Nothing that another wrote reaches the terminal as more than letters."""

import typer

from whistle.protocol.content import TO_DESK, Content, Files
from whistle.protocol.receipt import Receipt
from whistle.reporter.dialogue import Mailbox
from whistle.sealing.contents import Item


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
    if isinstance(content.body, Files):
        own = content.context.direction == TO_DESK
        names = [(f"{line(file.name)} ({file.size} bytes)", box.receipts.get(file.sealed)) for file in content.body.files]
        return "\n".join(name + (_receipt(receipt) if own else "") for name, receipt in names)
    state = getattr(content.body, "state", "")
    return " ".join(part for part in (f"[{state}]" if state else "", content.body.text) if part)
