"""Codes under one key."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from colonnade.keyed_hash import KeyedHash


@given(st.binary(max_size=200), st.lists(st.binary(max_size=300), max_size=4))
def test_a_code_is_that_of_hmac_whatever_was_coded_before(key: bytes, texts: list[bytes]) -> None:
    code = KeyedHash(key)
    for text in texts:
        assert code.digest(text) == hmac.digest(key, text, hashlib.sha256)
