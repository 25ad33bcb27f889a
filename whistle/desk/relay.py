"""The desk's side of the relay: pulls what came, stores it, confirms it, and pushes what is due (spec section 9).

The desk is always the caller. It reads no seal; a network that fails is waited out, and the inbox says since when.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time

import httpx2

from whistle.errors import NetworkFailed, NotPages, StorageFailed
from whistle.protocol.constants import ANSWER_BYTES, PAGE_BYTES
from whistle.protocol.wire import TO_DESK, Frame, parse_pages, serialize_pages
from whistle.store.desk import Cases

Clock = Callable[[], datetime]
_SECONDS = 30.0  # for one whole call, however it drips
_LONGEST_PAGES, _LONGEST_WORD = ANSWER_BYTES + PAGE_BYTES, 1_024
_PULLS_A_ROUND = 50


class Relay:
    """Asks the public server's second listener, again and again."""

    def __init__(self, cases: Cases, client: httpx2.AsyncClient, push_times: Sequence[time], clock: Clock) -> None:
        self._cases, self._client, self._push_times, self._clock = cases, client, push_times, clock
        self._pushed = clock()
        self.silent = False  # whether the last round got no answer

    async def run(self, seconds: int) -> None:
        """Rounds until it is cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(seconds)

    async def round(self) -> None:
        """Pulls everything new, and pushes if it is time."""
        now = self._clock()
        try:
            await self._pull(now.date())
            if is_due(self._push_times, self._pushed, now):
                await self._push(now.date())
                self._pushed = now
            if (await asyncio.to_thread(self._cases.relayed)).contact != now.date():
                await asyncio.to_thread(self._cases.in_contact, now.date())
        except (NetworkFailed, StorageFailed):
            self.silent = True
        else:
            self.silent = False

    async def _pull(self, today: date) -> None:
        """Everything new, as far as one round goes; the rest waits for the next, so that pushes get their turn."""
        for _ in range(_PULLS_A_ROUND):
            after = (await asyncio.to_thread(self._cases.relayed)).after
            frames, more = _pages(await self._ask("pull", after.to_bytes(4), _LONGEST_PAGES))
            places = [after, *(frame.position for frame in frames)]
            if places != sorted(set(places)) or any(frame.direction != TO_DESK for frame in frames):
                raise NetworkFailed  # not the answer of an honest server; nothing of it is taken
            if frames:
                await asyncio.to_thread(self._cases.arrive, frames, today)  # stored first, confirmed then (spec section 10)
            confirmed = _number(await self._ask("confirm", places[-1].to_bytes(4), _LONGEST_WORD), "confirmed")
            if confirmed < places[-1]:
                # The server has been put back to an earlier state: what came since would never be asked for again.
                await asyncio.to_thread(self._cases.pull_from_the_start)
            elif not more:
                return

    async def _push(self, today: date) -> None:
        """One frame at a time, so that each is known to be in its box, or to have found none."""
        for id_, frame in await asyncio.to_thread(self._cases.to_push):
            answer = await self._ask("push", serialize_pages([frame], False), _LONGEST_WORD)
            await asyncio.to_thread(self._cases.pushed, id_, today, unknown=_number(answer, "unknown") > 0)

    async def _ask(self, call: str, body: bytes, longest: int) -> bytes:
        """One call: within a time, within a length, and never unpacked. Raises NetworkFailed."""
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


def _number(answer: bytes, name: str) -> int:
    try:
        return int(json.loads(answer)[name])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NetworkFailed from None
