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
from whistle.protocol.wire import Frame, parse_pages, serialize_pages
from whistle.store.desk import Cases

Clock = Callable[[], datetime]
_SECONDS = 30.0
_LONGEST_ANSWER = ANSWER_BYTES + PAGE_BYTES


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
            await self._pull()
            if is_due(self._push_times, self._pushed, now):
                await self._push(now.date())
                self._pushed = now
            if (await asyncio.to_thread(self._cases.relayed)).contact != now.date():
                await asyncio.to_thread(self._cases.in_contact, now.date())
        except (NetworkFailed, StorageFailed):
            self.silent = True
        else:
            self.silent = False

    async def _pull(self) -> None:
        more = True
        while more:
            before = (await asyncio.to_thread(self._cases.relayed)).after
            frames, more = _pages(await self._ask("pull", before.to_bytes(4)))
            if not frames:
                return
            if frames[-1].position <= before:
                raise NetworkFailed  # an answer that does not go on would be asked for without end
            await asyncio.to_thread(self._cases.arrive, frames)  # stored first, confirmed then (spec section 10)
            await self._ask("confirm", frames[-1].position.to_bytes(4))

    async def _push(self, today: date) -> None:
        """One frame at a time, so that each is known to be in its box, or to have found none."""
        for id_, frame in await asyncio.to_thread(self._cases.to_push):
            answer = await self._ask("push", serialize_pages([frame], False))
            await asyncio.to_thread(self._cases.pushed, id_, today, unknown=_found_no_box(answer))

    async def _ask(self, call: str, body: bytes) -> bytes:
        try:
            answer = await self._client.post(call, content=body, headers={"content-type": "application/octet-stream"})
        except httpx2.HTTPError:
            raise NetworkFailed from None
        if answer.status_code != 200 or len(answer.content) > _LONGEST_ANSWER:
            raise NetworkFailed
        return answer.content


def client_of(url: str, token: str) -> httpx2.AsyncClient:
    """A client for the relay at this address. No proxy of the environment is asked."""
    headers = {"authorization": f"Bearer {token}"}
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


def _found_no_box(answer: bytes) -> bool:
    try:
        return bool(json.loads(answer)["unknown"])
    except (ValueError, KeyError, TypeError):
        raise NetworkFailed from None
