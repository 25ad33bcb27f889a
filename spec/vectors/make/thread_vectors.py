"""Makes thread.json: chains and their verdicts, worked out by hand from section 7. `judged` reads the section a
second time, and both must say the same."""

from world import case, publish

OTHER = {"to-desk": "to-reporter", "to-reporter": "to-desk", "internal": "to-desk"}


def entry(direction, letter, sequence, seen, name, previous):
    default = f"{letter}{sequence - 1}" if sequence > 1 else ""
    return {
        "direction": direction,
        "sequence": sequence,
        "hash": name or f"{letter}{sequence}",
        "previous": default if previous is None else previous,
        "seen": list(seen),
    }


def r(sequence, seen=(0, ""), name=None, previous=None):
    """What the reporter says: r1, r2, …"""
    return entry("to-desk", "r", sequence, seen, name, previous)


def d(sequence, seen=(0, ""), name=None, previous=None):
    """What the desk says to the reporter: d1, d2, …"""
    return entry("to-reporter", "d", sequence, seen, name, previous)


def n(sequence, seen=(0, ""), name=None, previous=None):
    """What the desk notes for itself: n1, n2, …"""
    return entry("internal", "n", sequence, seen, name, previous)


def judged(entries):
    taken = {"to-desk": {}, "to-reporter": {}, "internal": {}}
    highest_seen = dict.fromkeys(taken, 0)
    verdicts = []
    for one in entries:
        mine, other = taken[one["direction"]], taken[OTHER[one["direction"]]]
        last, sequence, (seen, seen_hash) = max(mine, default=0), one["sequence"], one["seen"]
        if sequence <= last:
            verdict = "out-of-order" if sequence not in mine else "doubled" if mine[sequence] == one["hash"] else "conflicting"
        elif (
            (sequence == last + 1 and one["previous"] != mine.get(last, ""))
            or seen < highest_seen[one["direction"]]
            or other.get(seen, seen_hash) != seen_hash
        ):
            verdict = "broken"
        else:
            verdict = "verified" if sequence == last + 1 else f"gap {sequence - last - 1}"
            mine[sequence] = one["hash"]
            highest_seen[one["direction"]] = seen
        verdicts.append(verdict)
    return {
        "verdicts": verdicts,
        "withheld": {
            way: max(0, *(highest_seen[writer] - max(taken[way], default=0) for writer in taken if OTHER[writer] == way))
            for way in ("to-desk", "to-reporter")
        },
    }


def thread(name, entries, verdicts, to_desk=0, to_reporter=0):
    short = {"V": "verified", "2": "doubled", "C": "conflicting", "O": "out-of-order", "B": "broken"}
    expect = {
        "verdicts": [short.get(word, word) for word in verdicts],
        "withheld": {"to-desk": to_desk, "to-reporter": to_reporter},
    }
    assert expect == judged(entries), (name, judged(entries))
    return case(name, entries, expect)


R1, R2, R3 = r(1), r(2, (1, "d1")), r(3, (2, "d2"))
D1, D2, D3 = d(1, (1, "r1")), d(2, (2, "r2")), d(3, (3, "r3"))
cases = [
    thread("an empty box", [], []),
    thread("a report alone", [R1], "V"),
    thread("an untouched dialogue", [R1, D1, R2, D2, R3, D3], "VVVVVV"),
    thread("a reporter who writes three times before anybody answers", [r(1), r(2), r(3), d(1, (3, "r3"))], "VVVV"),
    thread("a desk that writes twice without having seen more", [R1, D1, d(2, (1, "r1"))], "VVV"),
    thread(
        "notes of the desk are a chain of their own", [R1, n(1, (1, "r1")), D1, n(2, (1, "r1")), R2, n(3, (2, "r2"))], "VVVVVV"
    ),
    thread("an answer placed before what it has seen, all of it there in the end", [R1, R2, D1], "VVV"),
    thread("one removed from the middle", [R1, D1, D2, R3], ["V", "V", "V", "gap 1"]),
    thread("two removed from the middle", [r(1), r(4)], ["V", "gap 2"]),
    thread("two gaps in one chain", [r(1), r(3), r(6)], ["V", "gap 1", "gap 2"]),
    thread("the report removed", [r(2), r(3)], ["gap 1", "V"]),
    thread("the first acknowledgement removed", [R1, D2, R2], ["V", "gap 1", "V"], to_desk=0),
    thread("after a gap the chain goes on from there", [r(1), r(3), r(4)], ["V", "gap 1", "V"]),
    thread("after a gap the next must name the hash after the gap", [r(1), r(3), r(4, previous="x")], ["V", "gap 1", "B"]),
    thread("the last one doubled", [R1, D1, R2, R2], "VVV2"),
    thread("the report doubled at the end", [R1, D1, R2, R1], "VVV2"),
    thread("a replay of everything", [R1, D1, R2, D2, R1, D1, R2, D2], "VVVV2222"),
    thread("two of one direction swapped", [r(1), r(3), r(2)], ["V", "gap 1", "O"]),
    thread("the first two swapped", [r(2), r(1)], ["gap 1", "O"]),
    thread("all turned round", [r(3), r(2), r(1)], ["gap 2", "O", "O"]),
    thread("one out of order comes twice: it was never taken", [r(1), r(3), r(2), r(2)], ["V", "gap 1", "O", "O"]),
    thread("a conflicting pair", [r(1), r(2), r(2, name="x")], "VVC"),
    thread("a conflicting pair, then both again", [r(1), r(2), r(2, name="x"), r(2), r(2, name="x")], "VVC2C"),
    thread("a second report under the same code", [r(1), r(1, name="x")], "VC"),
    thread("a conflicting one does not carry the chain", [r(1), r(2), r(2, name="x"), r(3, previous="x")], "VVCB"),
    thread("a wrong previous", [r(1), r(2, previous="x")], "VB"),
    thread("zeros as previous of the second", [r(1), r(2, previous="")], "VB"),
    thread("its own hash as previous", [r(1), r(2, previous="r2")], "VB"),
    thread("the previous of the other direction", [R1, D1, r(2, previous="d1")], "VVB"),
    thread("a broken one does not move the chain: the right one may follow", [r(1), r(2, name="x", previous="y"), r(2)], "VBV"),
    thread("after a broken one the next leaves a gap", [r(1), r(2, previous="x"), r(3)], ["V", "B", "gap 1"]),
    thread("a broken one again is broken again, never doubled", [r(1), r(2, previous="x"), r(2, previous="x")], "VBB"),
    thread("a gap is not asked for its previous", [r(1), r(3, previous="x")], ["V", "gap 1"]),
    thread("seen goes back", [R1, D1, D2, r(2, (2, "d2")), r(3, (1, "d1"))], ["V", "V", "V", "V", "B"]),
    thread("seen goes back to nothing", [R1, D1, R2, r(3)], "VVVB"),
    thread("seen goes back across a gap", [R1, D1, R2, r(4)], "VVVB"),
    thread(
        "seen goes back, and the next that does not is taken after a gap",
        [R1, D1, R2, r(3), r(4, (1, "d1"))],
        ["V", "V", "V", "B", "gap 1"],
    ),
    thread("seen of a broken one binds nobody", [R1, D1, r(2, (1, "d1"), previous="x"), r(2)], "VVBV"),
    thread("seen stays where it is", [R1, D1, R2, r(3, (1, "d1"))], "VVVV"),
    thread("seen names a hash that is not", [R1, D1, r(2, (1, "x"))], "VVB"),
    thread("seen names the right hash under another sequence", [R1, D1, d(2, (1, "r1")), r(2, (2, "d1"))], "VVVB"),
    thread("seen names another hash, across a gap", [R1, D1, r(3, (1, "x"))], "VVB"),
    thread("seen of the desk names another report", [R1, d(1, (1, "x"))], "VB"),
    thread("seen names the second of a conflicting pair", [R1, D1, d(1, (1, "r1"), name="x"), r(2, (1, "x"))], "VVCB"),
    thread("seen names one within a gap of the other direction", [R1, d(2, (1, "r1")), r(2, (1, "d1"))], ["V", "gap 1", "V"]),
    thread("a tail cut off, seen by the other side", [R1, D1, D2], "VVV", to_desk=1),
    thread("a tail of three cut off, seen by the other side", [R1, d(1, (4, "r4"))], "VV", to_desk=3),
    thread("the whole of the other direction cut off", [d(1, (1, "r1"))], "V", to_desk=1),
    thread("a tail of the desk cut off, seen by the reporter", [R1, D1, r(2, (3, "d3"))], "VVV", to_reporter=2),
    thread("both tails cut off", [R1, d(1, (2, "r2")), r(3, (2, "d2"))], ["V", "V", "gap 1"], to_reporter=1),
    thread("a tail cut off that only a note has seen", [R1, n(1, (2, "r2"))], "VV", to_desk=1),
    thread("a tail cut off that nobody has seen cannot be known", [R1, D1], "VV"),
    thread("seen by a broken one counts nothing as withheld", [R1, D1, d(2, (5, "r5"), previous="x")], "VVB"),
    thread("seen by a conflicting one counts nothing as withheld", [R1, D1, d(1, (5, "r5"), name="x")], "VVC"),
    thread("seen by one after a gap counts", [R1, d(3, (2, "r2"))], ["V", "gap 2"], to_desk=1),
    thread("notes doubled and conflicting", [R1, n(1, (1, "r1")), n(1, (1, "r1")), n(1, (1, "r1"), name="x")], "VV2C"),
    thread("a note whose seen goes back", [R1, r(2), n(1, (2, "r2")), n(2, (1, "r1"))], "VVVB"),
    thread("a note whose seen names another hash", [R1, n(1, (1, "x"))], "VB"),
    thread("a note and an answer keep their seen apart", [R1, r(2), n(1, (2, "r2")), d(1, (1, "r1"))], "VVVV"),
]
publish("Reading a thread: chains of contents and the verdict on each.", cases)
