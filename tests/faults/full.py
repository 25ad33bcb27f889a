"""The desk's database on a disk that is soon full, in a program of its own: prints for each size how many were stored.

Takes a folder, and from where to where and by how much the bytes that one file may have grow.
"""

import resource
import sys
from datetime import date

from whistle.errors import StorageFailed
from whistle.protocol.wire import TO_DESK, Frame
from whistle.store.desk import Cases

DAY = date(2026, 11, 21)
FRAMES = [Frame(number, TO_DESK, DAY, bytes(32), bytes([number]) * 16_384) for number in range(1, 15)]


def unsigned(*_: object) -> None:
    """No receipt."""


def kept(cases: Cases) -> int:
    for count, frame in enumerate(FRAMES):
        try:
            cases.arrive([frame], DAY, unsigned)
        except StorageFailed:
            return count
    return len(FRAMES)


def main(folder: str, *sizes: str) -> None:
    for size in range(*map(int, sizes)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        cases = Cases(f"sqlite:///{folder}/{size}.sqlite")
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        print(size, kept(cases), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
