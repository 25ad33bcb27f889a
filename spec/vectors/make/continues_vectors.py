"""Makes continues.json: how the key of an earlier code vouches for a new box (section 6.5), signed with PyNaCl."""

from world import INSTANCE, REPORTER, case, derive, publish, seed, sign

LABEL = "whistle/1 continues"
OLD, NEW, OTHER = REPORTER, derive(seed("fresh code")[:16], INSTANCE), derive(seed("another code")[:16], INSTANCE)
BOX = bytes.fromhex(NEW["box"])


def signed(by=OLD, box=BOX, label=LABEL):
    return sign(bytes.fromhex(by["signing_seed"]), label, box).hex()


def written(name, code):
    keys = derive(code, INSTANCE)
    expect = {"box": keys["box"], "signature": signed(keys)}
    return case(name, {"code": code.hex(), "instance": INSTANCE.hex(), "box": BOX.hex()}, expect, operation="write")


def checked(name, signature, expect="verified", signing=OLD["signing"], box=BOX):
    given = {"signing": signing, "box": box.hex(), "signature": signature}
    return case(name, given, expect, operation="verify")


flipped = bytearray.fromhex(signed())
flipped[40] ^= 1
cases = [
    written("one code goes on under another", bytes(range(16))),
    written("a code of zeros goes on under another", bytes(16)),
    checked("the earlier key has signed the new box", signed()),
    checked("another box", signed(), "refused:equation", box=bytes.fromhex(OTHER["box"])),
    checked("the earlier box instead of the new one", signed(box=bytes.fromhex(OLD["box"])), "refused:equation"),
    checked("signed by the new key", signed(NEW), "refused:equation"),
    checked("signed by a stranger", signed(OTHER), "refused:equation"),
    checked("signed as a content", signed(label="whistle/1 reporter content"), "refused:equation"),
    checked("one bit of the signature is another", bytes(flipped).hex(), "refused:equation"),
    checked("the box as it is written", signed(box=NEW["box"].encode()), "refused:equation"),
]
publish("How the key of an earlier code vouches for the box of a fresh one.", cases)
