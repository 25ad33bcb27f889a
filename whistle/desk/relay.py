"""The desk's side of the relay: pulls what came, stores it, confirms it, and pushes what is due (spec section 9).

The desk is always the caller. It reads no seal; a network that fails is waited out, and the inbox says since when.
Text comes first and files take turns with it; receipts go out at every round, what members wrote at its set times.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

import httpx2

from whistle.desk.receipts import Receipts, hashes
from whistle.errors import NetworkFailed, NotASubmission, NotPages, StorageFailed
from whistle.protocol.constants import ANSWER_BYTES, FILE_LIMIT, PAGE_BYTES, PART_BYTES
from whistle.protocol.parts import Part, parse_part, sealed_length, serialize_part
from whistle.protocol.wire import PART, TO_DESK, Frame, parse_pages, serialize_pages
from whistle.store.desk import Cases
from whistle.store.files import File

Clock = Callable[[], datetime]
_SECONDS = 30.0  # for one whole call, however it drips
_LONGEST_PAGES, _LONGEST_WORD = ANSWER_BYTES + PAGE_BYTES, 1_024
_PULLS_A_ROUND = 50  # of texts, of parts, and as many calls that push parts
_PARTS_A_CALL = ANSWER_BYTES // PART_BYTES - 1  # with what stands around them they fit into one answer
_RECEIPTS_A_CALL = 500
_REFUSALS = (404, 409, 507)  # no such file, place taken, no room
_LONGEST_FILE = sealed_length(FILE_LIMIT)
_UNFINISHED = timedelta(days=7)  # more than the public server waits for another part


class NetworkRefused(NetworkFailed):
    """The public server has a reason not to take this."""


class Relay:
    """Asks the public server's second listener, again and again. `free` is how many bytes the desk's own disk has left."""

    def __init__(
        self,
        cases: Cases,
        client: httpx2.AsyncClient,
        push_times: Sequence[time],
        clock: Clock,
        receipts: Receipts,
        free: Callable[[], int],
        reserve: int,
    ) -> None:
        self._cases, self._client, self._push_times, self._clock = cases, client, push_times, clock
        self._receipts, self._free, self._reserve = receipts, free, reserve
        self._pushed = clock()
        self._left = 0  # calls with parts that this round may still make
        self.silent = False  # whether the last round got no answer
        self.room = True  # whether the public server's disk takes files
        self.more = False  # whether the last round left something to be done at once

    @property
    def short_of_disk(self) -> bool:
        """Whether parts are left where they are, so that texts find room here."""
        return self._free() < self._reserve

    async def run(self, seconds: int) -> None:
        """Rounds until it is cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(0 if self.more else seconds)

    async def round(self) -> None:
        """Pulls new texts, pushes receipts, pushes what members wrote if it is time, and then turns to files."""
        now, today, self.more = self._clock(), self._clock().date(), False
        try:
            await self._open(today)
            await self._pull(today)
            await self._push_receipts(today)
            if is_due(self._push_times, self._pushed, now) and await self._push(today):
                self._pushed = now
            await self._pull_parts(today)
            await self._receive_files()
            await self._push_receipts(today)
            await self._take()
            await self._forget(today)
        except (NetworkFailed, StorageFailed):
            self.silent, self.more = True, False
        else:
            self.silent = False

    async def _open(self, today: date) -> None:
        """Has the boxes made of those who reported in another way. One that is refused waits, and holds up nothing else."""
        channels = self._cases.channels
        for each in await asyncio.to_thread(channels.to_open):
            try:
                word = _word(await self._ask("open", each.box + each.access + each.sealed, _LONGEST_WORD))
            except NetworkRefused:
                continue
            if word.get("envelope") != sha256(each.sealed).hexdigest():
                raise NetworkFailed
            await asyncio.to_thread(channels.opened, each, today, self._receipts.sign)

    async def _pull(self, today: date) -> None:
        """Every new text, as far as one round goes; the rest waits for the next, so that pushes get their turn."""
        contact = (await asyncio.to_thread(self._cases.relayed)).contact
        earliest = contact or date.min
        for _ in range(_PULLS_A_ROUND):
            after = (await asyncio.to_thread(self._cases.relayed)).after
            frames, more = await self._pages("pull", after, TO_DESK)
            if frames:  # stored first, confirmed then (spec section 10)
                await asyncio.to_thread(self._cases.arrive, frames, today, self._receipts.sign, earliest)
            if await self._confirm() and not more:
                if contact != today:
                    await asyncio.to_thread(self._cases.sign_missing, self._receipts.sign)
                    await asyncio.to_thread(self._cases.in_contact, today)
                return

    async def _pull_parts(self, today: date) -> None:
        """Parts of files, as far as one round goes and the disk has room for more than texts."""
        files = self._cases.files
        drained = await asyncio.to_thread(files.drained)
        for _ in range(_PULLS_A_ROUND):
            if self.short_of_disk:
                return
            frames, more = await self._pages("parts", await asyncio.to_thread(files.after), PART)
            if frames:
                await asyncio.to_thread(files.arrive, [(frame, _part(frame)) for frame in frames], today, drained)
                await self._confirm()
            if not more:
                if drained != today:
                    await asyncio.to_thread(files.in_hand, today, today - _UNFINISHED)
                return
        self.more = True

    async def _pages(self, call: str, after: int, direction: int) -> tuple[tuple[Frame, ...], bool]:
        """The frames after a number, in rising order and of one direction: anything else no honest server answers."""
        frames, more = _pages(await self._ask(call, after.to_bytes(4), _LONGEST_PAGES))
        places = [after, *(frame.position for frame in frames)]
        if places != sorted(set(places)) or any(frame.direction != direction for frame in frames):
            raise NetworkFailed
        return frames, more

    async def _confirm(self) -> bool:
        """Says how far everything is stored here. False if the server has been put back to an earlier state.

        Then everything is asked for again: what came since would otherwise never be.
        """
        after, parts = (await asyncio.to_thread(self._cases.relayed)).after, await asyncio.to_thread(self._cases.files.after)
        word = _word(await self._ask("confirm", after.to_bytes(4) + parts.to_bytes(4), _LONGEST_WORD))
        self.room = word.get("room") is True
        behind, parts_behind = _number(word, "confirmed") < after, _number(word, "parts") < parts
        if behind:
            await asyncio.to_thread(self._cases.pull_from_the_start)
        if parts_behind:
            await asyncio.to_thread(self._cases.files.pull_from_the_start)
        if behind or parts_behind:
            await asyncio.to_thread(self._cases.files.push_from_the_start)
        return not behind

    async def _receive_files(self) -> None:
        """Hashes what has become whole, once, and makes its receipt."""
        for file in await asyncio.to_thread(self._cases.files.whole):
            await asyncio.to_thread(self._receive, file)

    def _receive(self, file: File) -> None:
        files = self._cases.files
        files.received(file, *hashes(files.pieces(file)), self._receipts.sign)

    async def _push_receipts(self, today: date) -> None:
        """Many in a call; one of a file alone, so that it is known to be in its box before the parts are given up."""
        files = self._cases.files
        while waiting := await asyncio.to_thread(files.receipts, _RECEIPTS_A_CALL):
            together = [each for each in waiting if each[1] is None] or waiting[:1]
            unknown = await self._push_frames([frame for _, _, frame in together])
            await asyncio.to_thread(files.receipts_pushed, [id_ for id_, _, _ in together], today)
            _, file, _ = together[0]
            if file is not None and unknown:
                await asyncio.to_thread(files.taken, file)  # its box is gone, and its parts with it

    async def _take(self) -> None:
        """Says of each file whose receipt is stored that its parts are not needed any more."""
        for id_, box, file in await asyncio.to_thread(self._cases.files.to_take):
            await self._ask("taken", box + file, _LONGEST_WORD)
            await asyncio.to_thread(self._cases.files.taken, id_)

    async def _forget(self, today: date) -> None:
        """Has the box of every erased case forgotten; again until it is said to be."""
        erasure = self._cases.erasure
        for box in await asyncio.to_thread(erasure.to_forget):
            if _word(await self._ask("forget", box, _LONGEST_WORD)).get("forgotten") != box.hex():
                raise NetworkFailed
            await asyncio.to_thread(erasure.forgotten, box, today)

    async def _push(self, today: date) -> bool:
        """One frame at a time, so that each is known to be in its box, or to have found none; a file before what names it.

        What is behind a file that must wait in its box waits with it: for the next round, or if the other side takes none
        of it, for the next set time. False if the push is not over.
        """
        self._left, held = _PULLS_A_ROUND, set[bytes]()
        for id_, place, frame in await asyncio.to_thread(self._cases.to_push):
            if frame.box in held or not await self._push_file(place):
                held.add(frame.box)
                continue
            unknown = await self._push_frames([frame])
            await asyncio.to_thread(self._cases.pushed, id_, today, unknown=unknown > 0)
        self.more = bool(held) and not self._left
        return not self.more

    async def _push_file(self, place: int) -> bool:
        """Whether nothing of a file must still go before the content in this place."""
        files = self._cases.files
        while (file := await asyncio.to_thread(files.to_push, place)) is not None:
            if not self.room or not self._left:
                return False
            self._left -= 1
            through = min(file.pushed + _PARTS_A_CALL, file.count)
            frames = [await asyncio.to_thread(self._part, file, index) for index in range(file.pushed, through)]
            try:
                unknown = await self._push_frames(frames)
            except NetworkRefused:  # it lacks what it had of this file, or has no room: from the start, another time
                await asyncio.to_thread(files.pushed, file, 0)
                return False
            await asyncio.to_thread(files.pushed, file, file.count if unknown else through)
        return True

    def _part(self, file: File, index: int) -> Frame:
        part = Part(file.file, file.length, index, self._cases.files.part(file, index))
        return Frame(0, PART, file.day, file.box, serialize_part(part))

    async def _push_frames(self, frames: Sequence[Frame]) -> int:
        """How many of them found no box."""
        return _number(_word(await self._ask("push", serialize_pages(frames, False), _LONGEST_WORD)), "unknown")

    async def _ask(self, call: str, body: bytes, longest: int) -> bytes:
        """One call: within a time, within a length, and never unpacked. Raises NetworkFailed, NetworkRefused."""
        sealed = {"content-type": "application/octet-stream"}
        try:
            async with asyncio.timeout(_SECONDS), self._client.stream("POST", call, content=body, headers=sealed) as answer:
                whole = b""
                async for piece in answer.aiter_raw():
                    whole += piece
                    if len(whole) > longest:
                        raise NetworkFailed
        except (httpx2.HTTPError, TimeoutError):
            raise NetworkFailed from None
        if answer.status_code in _REFUSALS:
            raise NetworkRefused
        if answer.status_code != httpx2.codes.OK or "content-encoding" in answer.headers:
            raise NetworkFailed
        return whole


def client_of(url: str, token: str) -> httpx2.AsyncClient:
    """A client for the relay at this address. No proxy of the environment is asked."""
    headers = {"authorization": f"Bearer {token}", "accept-encoding": "identity"}
    return httpx2.AsyncClient(base_url=url.rstrip("/") + "/", headers=headers, timeout=_SECONDS, trust_env=False)


def is_due(push_times: Sequence[time], last: datetime, now: datetime) -> bool:
    """Whether one of the set times has come since the last push; with no set times it is always time."""
    if not push_times:
        return True
    days = {last.date(), now.date()}
    return any(last < datetime.combine(day, each, now.tzinfo) <= now for day in days for each in push_times)


def _pages(body: bytes) -> tuple[tuple[Frame, ...], bool]:
    try:
        return parse_pages(body)
    except NotPages:
        raise NetworkFailed from None


def _part(frame: Frame) -> Part:
    try:
        part = parse_part(frame.sealed)
    except NotASubmission:
        raise NetworkFailed from None
    if part.length > _LONGEST_FILE:
        raise NetworkFailed
    return part


def _word(answer: bytes) -> dict[str, Any]:
    try:
        word = json.loads(answer)
    except (ValueError, RecursionError):
        raise NetworkFailed from None
    if not isinstance(word, dict):
        raise NetworkFailed
    return word


def _number(word: dict[str, Any], name: str) -> int:
    number = word.get(name)
    if type(number) is not int:
        raise NetworkFailed
    return number
