"""Secrets: declared as references, masked in every output."""

import copy
import json
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from colonnade.secrets import (
    MASK,
    MAXIMUM_SECRET_BYTES,
    Secret,
    SecretReference,
    SecretUnavailable,
    SecretUnusable,
    resolve,
    standard_resolvers,
)


class Config(BaseModel):
    key: SecretReference
    other: SecretReference | None = None


@given(st.text("xyz01", min_size=2))
def test_no_way_of_printing_a_secret_shows_it(text: str) -> None:
    secret = Secret(text)
    printed = [str(secret), repr(secret), f"{secret}", f"{secret!r:>20}"]
    printed += [repr([secret]), f"{secret:>12}"]
    assert all(text not in line for line in printed)


def test_reveal_gives_the_text() -> None:
    assert Secret("hunter2").reveal() == "hunter2"


def test_a_secret_is_never_serialised() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret("x"))
    with pytest.raises(TypeError):
        pickle.dumps(Secret("x"))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret("x"))


def test_secrets_compare_by_their_text_and_with_secrets_only() -> None:
    assert Secret("ä") == Secret("ä")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_a_secret_has_no_hash_to_guess_it_by() -> None:
    with pytest.raises(TypeError):
        hash(Secret("a"))


def test_a_model_reads_a_reference_and_shows_a_mask() -> None:
    config = Config.model_validate_json('{"key": {"secret": "env:STRIPE_KEY"}}', strict=True)
    assert config.key == SecretReference("env", "STRIPE_KEY")
    for printed in (repr(config), str(config), config.model_dump_json(), str(config.key)):
        assert MASK in printed
        assert "STRIPE_KEY" not in printed


@pytest.mark.parametrize(
    "value", ["hunter2", 5, None, [], {}, {"secret": 5}, {"secret": "hunter2"},
              {"secret": "ENV:X"}, {"secret": "env:"}, {"secret": "env:X\n"},
              {"secret": "env:X", "more": 1}, {"secrt": "env:X"}],
)  # fmt: skip
def test_anything_but_a_reference_is_refused_with_advice(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"key": value})
    [error] = caught.value.errors()
    assert "{secret: env:NAME}" in error["msg"]


def test_an_environment_variable_is_resolved_late() -> None:
    environ: dict[str, str] = {}
    resolvers = standard_resolvers(environ)
    environ["KEY"] = "hunter2"
    assert resolve(SecretReference("env", "KEY"), resolvers) == Secret("hunter2")


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}])
def test_an_unset_or_empty_variable_is_an_error_that_names_it(environ: dict[str, str]) -> None:
    with pytest.raises(SecretUnavailable, match="environment variable KEY is not set"):
        resolve(SecretReference("env", "KEY"), standard_resolvers(environ))


def test_a_file_gives_its_text_without_the_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b" two\nlines \r\n")
    secret = resolve(SecretReference("file", str(path)), standard_resolvers({}))
    assert secret.reveal() == " two\nlines "


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"\xff", "is not UTF-8 text"),
        (b"x" * (MAXIMUM_SECRET_BYTES + 1), "is larger than"),
        (("\u00fc" * MAXIMUM_SECRET_BYTES).encode(), "is larger than"),
    ],
)
def test_a_file_without_a_usable_secret_says_why(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(data)
    with pytest.raises(SecretUnusable, match=message):
        resolve(SecretReference("file", str(path)), standard_resolvers({}))


def test_a_file_saved_with_a_byte_order_mark_gives_its_text(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xef\xbb\xbftext\r\n")
    secret = resolve(SecretReference("file", str(path)), standard_resolvers({}))
    assert secret.reveal() == "text"


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secret")
    with pytest.raises(SecretUnusable, match="it is no file"):
        resolve(SecretReference("file", str(tmp_path / "secret")), standard_resolvers({}))


def test_a_variable_of_blanks_is_no_secret() -> None:
    with pytest.raises(SecretUnusable, match="KEY holds nothing but blanks"):
        resolve(SecretReference("env", "KEY"), standard_resolvers({"KEY": " "}))


@pytest.mark.parametrize("name", ["gone", "."])
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecretUnavailable, match="cannot be read"):
        resolve(SecretReference("file", str(tmp_path / name)), standard_resolvers({}))


def test_an_unknown_scheme_names_those_that_are_known() -> None:
    with pytest.raises(SecretUnavailable, match=r"scheme 'vault'. Known: env, file"):
        resolve(SecretReference("vault", "a/b"), standard_resolvers({}))
