"""The end of a group's epoch: case keys are sealed to the current one, and the key that nothing needs any more is destroyed.

It is destroyed by a session that has it, for only that can tell that nothing waits under it. Never before its day.
"""

from datetime import date, datetime, timedelta

from whistle.desk.members import GroupKeys
from whistle.desk.sessions import Session
from whistle.desk.starting import KeyCard
from whistle.protocol.card import LONGEST_DAYS, GroupKey
from whistle.sealing.cases import open_case_key, seal_case_key
from whistle.store.desk import Act, Cases
from whistle.store.epochs import Epoch

_AT_ONCE = 500  # a second's work
_RESPITE = timedelta(days=30)  # after the last card has ended


class Turning:
    """Looks after the epochs of a session's groups."""

    def __init__(self, cases: Cases, card: KeyCard) -> None:
        self._cases, self._card = cases, card

    def keep(self, session: Session, now: datetime) -> None:
        """To be called once everything that waits was tried with the keys of the session."""
        card = self._card.known()
        for group, keys in session.groups.items():
            current = card.group(group).recipient
            # No card that named an earlier epoch was issued after this one, and none lasts longer than that.
            self._cases.epochs.turned(group, current.epoch, card.issued + timedelta(days=LONGEST_DAYS))
            if current.epoch in keys.identities:
                self._reseal(session, keys, group, current, now)
        if not self._cases.waiting(session.tried) and self._files_were_tried(session):
            for epoch in self._cases.epochs.of(list(session.groups)):
                if _is_over(epoch, now.date()) and epoch.epoch in session.groups[epoch.group].identities:
                    self._cases.epochs.destroy(Act(now, session.member, "destroyed epoch key"), epoch)

    def _reseal(self, session: Session, keys: GroupKeys, group: str, current: GroupKey, now: datetime) -> None:
        found = [each for each in self._cases.epochs.before(group, current.epoch, _AT_ONCE) if each.epoch in keys.identities]
        anew = {each: seal_case_key(open_case_key(each.key, keys.identities[each.epoch]), current.raw) for each in found}
        if anew:
            self._cases.epochs.reseal(Act(now, session.member, "resealed case keys"), current.epoch, anew)

    def _files_were_tried(self, session: Session) -> bool:
        return all(each.id in session.tried_files for each in self._cases.unopened(session.groups))


def destroyed_from(epoch: Epoch) -> date:
    """The first day on which its key may be destroyed."""
    return epoch.until + _RESPITE + timedelta(days=1)


def _is_over(epoch: Epoch, today: date) -> bool:
    return epoch.destroyed is None and today >= destroyed_from(epoch)
