"""`sandbox.py UNIT COMMAND...`: puts itself under the kernel filters that systemd makes of a unit, then becomes the command.

systemd itself cannot run in a test, so what SystemCallFilter, MemoryDenyWriteExecute and RestrictAddressFamilies forbid is
forbidden here with the same library, libseccomp, and the groups that systemd-analyze names. It makes nothing stricter.
"""

import ctypes
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO
EQUAL, MASKED_EQUAL = 4, 7  # SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ
WRITE_EXECUTE, EXECUTE = 6, 4  # PROT_WRITE | PROT_EXEC, PROT_EXEC
FAMILIES, FAMILIES_END = {"AF_INET": 2, "AF_INET6": 10}, 46


class Comparison(ctypes.Structure):
    """scmp_arg_cmp: one argument of a system call, against one or two values."""

    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """One filter of the kernel: what happens to the calls that no rule names."""

    def __init__(self, otherwise: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2")
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(otherwise)))

    def rule(self, action: int, call: str, *when: Comparison) -> None:
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        comparisons = (Comparison * len(when))(*when)
        if number >= 0:  # else this processor or library does not know it; systemd passes over it too
            add = self._library.seccomp_rule_add_array
            assert add(self._context, ctypes.c_uint32(action), number, len(when), comparisons) == 0, call

    def load(self) -> None:
        assert self._library.seccomp_load(self._context) == 0


def allowed(unit: str) -> set[str]:
    """The calls that the lines SystemCallFilter leave."""
    calls: set[str] = set()
    for line in re.findall(r"(?m)^SystemCallFilter=(.*)$", unit):
        named = set().union(*(members(each) for each in line.removeprefix("~").split()))
        calls = calls - named if line.startswith("~") else calls | named
    return calls


def members(name: str) -> set[str]:
    """The calls of a group, and of the groups in it."""
    if not name.startswith("@"):
        return {name}
    said = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    lines = [line.strip() for line in said.splitlines()[1:]]
    return set().union(*(members(line) for line in lines if line and not line.startswith("#")))


def confine(unit: str) -> None:
    calls = Filter(REFUSE | errno.EPERM)
    for call in allowed(unit) | members("@default"):
        calls.rule(ALLOW, call)
    other = Filter(ALLOW)
    if "\nMemoryDenyWriteExecute=yes\n" in unit:
        other.rule(REFUSE | errno.EPERM, "mmap", Comparison(2, MASKED_EQUAL, WRITE_EXECUTE, WRITE_EXECUTE))
        other.rule(REFUSE | errno.EPERM, "mprotect", Comparison(2, MASKED_EQUAL, EXECUTE, EXECUTE))
        other.rule(REFUSE | errno.EPERM, "pkey_mprotect", Comparison(2, MASKED_EQUAL, EXECUTE, EXECUTE))
    (named,) = re.findall(r"(?m)^RestrictAddressFamilies=(.*)$", unit)
    for family in set(range(FAMILIES_END)) - {FAMILIES[each] for each in named.split()}:
        other.rule(REFUSE | errno.EAFNOSUPPORT, "socket", Comparison(0, EQUAL, family))
    other.load()
    calls.load()  # the last: it forbids to load another


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text())
    os.execv(sys.argv[2], sys.argv[2:])
