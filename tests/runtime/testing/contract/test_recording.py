"""A recorded contract may be added to, and not taken from."""

from collections.abc import Callable

import pytest

from colonnade_runtime.testing.contract import Subject
from colonnade_runtime.testing.contract.examination.compatibility import breaking_changes
from colonnade_runtime.testing.contract.rules.recording import (
    contract_is_recorded,
    contract_of,
    contract_only_grows,
)

Write = Callable[..., Subject]


def contract(
    request: dict[str, object] | None = None,
    response: dict[str, object] | None = None,
    **operation: object,
) -> dict[str, object]:
    described = {
        "idempotent": False,
        "stream": "none",
        "errors": {},
        "request": request or {},
        "response": response or {},
        **operation,
    }
    return {"operations": {"ask.quiz.v1.Answer": described}, "events": {}}


def fields(required: tuple[str, ...] = (), **properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT = {"type": "string"}
SHORT = {"type": "string", "maxLength": 10}
ONE = {"enum": ["a", "b"], "type": "string"}
MORE = {"enum": ["a", "b", "c"], "type": "string"}
MAYBE = {"anyOf": [TEXT, {"type": "null"}]}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (contract(fields(a=TEXT)), contract(fields(a=TEXT, b=TEXT))),
        (contract(fields(a=SHORT)), contract(fields(a=TEXT))),
        (contract(fields(a=ONE)), contract(fields(a=MORE))),
        (contract(fields(a=TEXT)), contract(fields(a=MAYBE))),
        (contract(fields(("a",), a=TEXT)), contract(fields(a=TEXT))),
        (contract(None, fields(a=TEXT)), contract(None, fields(a=TEXT, b=TEXT))),
        (contract(None, fields(a=TEXT)), contract(None, fields(a=SHORT))),
        (
            contract(None, fields(a=fields(b=TEXT))),
            contract(None, fields(a=fields(b=TEXT, c=TEXT))),
        ),
        (contract(), contract(idempotent=True)),
        (contract(), contract(errors={"full": 409})),
    ],
)
def test_an_addition_breaks_nothing(before: dict[str, object], now: dict[str, object]) -> None:
    assert list(breaking_changes(before, now)) == []


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        (contract(fields(a=TEXT)), contract(fields()), "no longer takes 'a'"),
        (contract(fields(a=TEXT)), contract(fields(("a",), a=TEXT)), "requires 'a'"),
        (contract(fields(a=TEXT)), contract(fields(a=SHORT)), "takes less in 'a'"),
        (contract(fields(a=MORE)), contract(fields(a=ONE)), "takes less in 'a'"),
        (contract(fields(a=MAYBE)), contract(fields(a=TEXT)), "takes less in 'a'"),
        (contract(fields(a=TEXT)), contract(fields(a={"type": "integer"})), "takes less in 'a'"),
        (contract(None, fields(a=TEXT)), contract(None, fields()), "no longer tells 'a'"),
        (contract(None, fields(a=ONE)), contract(None, fields(a=MORE)), "not possible before"),
        (contract(None, fields(a=TEXT)), contract(None, fields(a=MAYBE)), "not possible before"),
        (
            contract(None, fields(a=fields(b=TEXT))),
            contract(None, fields(a=fields())),
            "not possible before",
        ),
        (
            contract(None, fields(("a",), a=TEXT)),
            contract(None, fields(a=TEXT)),
            "may leave 'a' out",
        ),
        (contract(idempotent=True), contract(), "may no longer be tried again"),
        (contract(errors={"full": 409}), contract(), "no longer declares the error 'full'"),
        (contract(), {"operations": {}, "events": {}}, "is gone"),
    ],
)
def test_taking_back_is_told(before: dict[str, object], now: dict[str, object], says: str) -> None:
    [change] = breaking_changes(before, now)
    assert says in change


LONGER = ("max_length=200", "max_length=300")
SHORTER = ("max_length=200", "max_length=20")


def test_an_addition_can_be_recorded(write: Write) -> None:
    subject = write("api.py", LONGER)
    subject.update = True
    assert list(contract_is_recorded(subject)) == []
    subject.update = False
    assert list(contract_is_recorded(subject)) == []


def test_a_breaking_change_is_not_recorded(write: Write) -> None:
    subject = write("api.py", SHORTER)
    assert subject.snapshot is not None
    before = subject.snapshot.read_text()
    subject.update = True
    [problem] = contract_is_recorded(subject)
    assert "Nothing was recorded, since promises would be taken back" in problem
    assert subject.snapshot.read_text() == before


def test_before_the_first_release_the_record_is_deleted_and_made_anew(write: Write) -> None:
    subject = write("api.py", SHORTER)
    assert subject.snapshot is not None
    subject.update = True
    [*_, change], [refused] = contract_only_grows(subject), contract_is_recorded(subject)
    assert "never released, delete contract.json and record it" in change
    assert f"delete {subject.snapshot} and record it" in refused
    subject.snapshot.unlink()
    assert list(contract_is_recorded(subject)) == []
    assert subject.snapshot.exists()


def test_a_version_that_may_break_may_break(write: Write) -> None:
    subject = write("api.py", SHORTER)
    object.__setattr__(subject.info, "version", "0.1.0")
    assert list(contract_only_grows(subject)) == []


def test_an_unrecorded_contract_says_how_to_record_it(write: Write) -> None:
    subject = write()
    assert subject.snapshot is not None
    subject.snapshot.unlink()
    object.__setattr__(subject.info, "version", "0.1.0")
    [problem] = contract_is_recorded(subject)
    assert "--update-contract" in problem


def test_before_the_author_promises_anything_nothing_need_be_recorded(write: Write) -> None:
    """Version 0.0.1, as `colonnade new plugin` writes it; what is recorded nevertheless holds."""
    subject = write("api.py", LONGER)
    assert subject.snapshot is not None
    assert [*contract_is_recorded(subject)] != []
    subject.snapshot.unlink()
    assert [*contract_is_recorded(subject), *contract_only_grows(subject)] == []
    assert not subject.snapshot.exists()


def test_what_strangers_may_ask_is_part_of_the_contract(write: Write) -> None:
    opened = {
        name: described["open"] for name, described in contract_of(write())["operations"].items()
    }
    assert set(opened.values()) == {False}
