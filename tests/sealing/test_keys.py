"""A private key does not print, compare or pickle."""

import copy
import pickle

import pytest

from whistle.sealing.keys import CaseKey, FileKey, Identity, PrivateKey, SigningKey

SECRET = bytes(range(32))
KEYS: list[PrivateKey] = [SigningKey(SECRET), Identity(SECRET), CaseKey(SECRET), FileKey(SECRET[:16])]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_a_private_key_does_not_print(key: PrivateKey) -> None:
    assert f"{key!r} {key} {[key]}" == " ".join([f"<{type(key).__name__}>"] * 2 + [f"[<{type(key).__name__}>]"])


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_a_private_key_does_not_pickle_or_copy(key: PrivateKey) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.copy(key)


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_a_private_key_is_never_compared_or_hashed(key: PrivateKey) -> None:
    with pytest.raises(TypeError):
        _ = key == key
    with pytest.raises(TypeError):
        hash(key)
