"""Nothing personal or secret reaches a log line, whatever wraps it and whoever writes it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from unittest import mock

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from colonnade.context import Context, Principal, use_context
from colonnade.messages import Message
from colonnade.personal import Confidential, Personal, marked_fields
from colonnade.secrets import MASK, Secret, SecretReference
from colonnade_runtime.observability.library_logs import LibraryLogs
from colonnade_runtime.observability.logs import configure_logs, processors_of


class Person(Message):
    id: int
    mail: Annotated[str, Personal()]
    nicknames: list[Annotated[str, Personal()]] = Field(default_factory=list)
    pin: Annotated[str, Confidential()] | None = None


class Group(Message):
    members: tuple[Person, ...] = ()
    by_role: dict[str, Person] = Field(default_factory=dict)


@dataclass
class Envelope:
    content: Any
    seal: str = "plain"


class Opaque:
    def __init__(self, content: Any) -> None:
        self.content = content

    def __repr__(self) -> str:
        return f"Opaque({self.content!r})"


TOKEN = st.text("abcdefghijklmnopqrstuvwxyz", min_size=12, max_size=20).map(lambda x: f"zz{x}")


@st.composite
def hidden_values(draw: st.DrawFn) -> tuple[Any, list[str]]:
    """Something to log, and the texts in it that must not come out."""
    mail, nickname, pin = draw(TOKEN), draw(TOKEN), draw(TOKEN)
    person = Person(id=1, mail=mail, nicknames=[nickname], pin=pin)
    inner: Any = draw(
        st.sampled_from(
            [
                person,
                Group(members=(person,), by_role={"owner": person}),
                Secret(mail),
                SecretReference("env", pin),
                {"owner_email": mail, "X-Refresh-Token": nickname, "deep": {"password": pin}},
            ]
        )
    )
    for wrap in draw(
        st.lists(
            st.sampled_from(
                [list_of, tuple_of, dictionary_of, Envelope, Opaque, error_of, text_of]
            ),
            max_size=4,
        )
    ):
        inner = wrap(inner)
    return inner, [mail, nickname, pin]


def list_of(value: Any) -> Any:
    return [value]


def tuple_of(value: Any) -> Any:
    return (1, value)


def dictionary_of(value: Any) -> Any:
    return {"inner": value}


def error_of(value: Any) -> Any:
    return ValueError(value) if isinstance(value, Message | Secret) else [value]


def text_of(value: Any) -> Any:
    return f"{value} {value!r}" if isinstance(value, Message | Secret) else [value]


@contextmanager
def lines(form: str = "json", level: int = 10) -> Iterator[io.StringIO]:
    """What is written in the block, as text."""
    stream = io.StringIO()
    before = structlog.get_config()
    structlog.configure(
        processors=processors_of(form),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    try:
        yield stream
    finally:
        structlog.configure(**before)


@settings(max_examples=150, deadline=None)
@given(hidden_values(), st.sampled_from(["json", "console"]))
def test_a_marked_value_never_appears_whoever_writes_the_line(
    hidden: tuple[Any, list[str]], form: str
) -> None:
    value, texts = hidden
    # A dictionary that became text is out of anybody's reach; a model is not.
    told = text_of(value) if isinstance(value, Message | Secret) else "something"
    record = logging.LogRecord("library", 40, "x.py", 1, "%s and %r", (value, value), None)
    with lines(form) as written:
        log = structlog.get_logger("test")
        log.info("said", content=value, other=[value])
        log.bind(kept=value).warning("bound")
        log.error(value)
        LibraryLogs().emit(record)
        try:
            raise RuntimeError("it broke") from ValueError(told)
        except RuntimeError:
            log.exception("failed", content=value)
    output = written.getvalue()
    assert "said" in output
    assert "failed" in output
    for text in texts:
        assert text not in output


def test_what_is_not_marked_is_there_to_read() -> None:
    with lines() as written:
        structlog.get_logger("test").info("said", who=Person(id=7, mail="a@b"), count=3)
    line = json.loads(written.getvalue())
    assert line["who"] == {"id": 7, "mail": MASK, "nicknames": MASK, "pin": None}
    assert (line["event"], line["count"], line["level"]) == ("said", 3, "info")


def test_a_mark_counts_wherever_it_stands_in_the_type() -> None:
    assert marked_fields(Person, Personal) == {"mail", "nicknames"}
    assert marked_fields(Person, Confidential) == {"pin"}


def test_a_call_is_named_on_every_line_a_librarys_too() -> None:
    context = Context("acme", Principal.anonymous(), 2e9, "request-12", "00-aa-bb-01")
    with lines() as written, use_context(context):
        structlog.get_logger("test").info("ours")
        LibraryLogs().emit(logging.LogRecord("httpx", 30, "x.py", 1, "theirs", None, None))
    ours, theirs = map(json.loads, written.getvalue().splitlines())
    for line in (ours, theirs):
        assert (line["tenant"], line["request_id"]) == ("acme", "request-12")
        assert line["traceparent"] == "00-aa-bb-01"
    assert (theirs["logger"], theirs["level"]) == ("httpx", "warning")


def test_a_console_shows_no_local_variables_in_a_trace() -> None:
    with lines("console") as written:
        password = "correct horse"  # a local variable that a trace could show
        try:
            raise ValueError(f"of {len(password)} characters")
        except ValueError:
            structlog.get_logger("test").exception("failed")
    assert "of 13 characters" in written.getvalue()
    assert "correct horse" not in written.getvalue().replace('password = "correct horse"', "")


def test_the_level_changes_for_loggers_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    root = logging.getLogger()
    with mock.patch.object(root, "handlers", list(root.handlers)):
        try:
            log = structlog.get_logger("test")
            configure_logs("error", "json")
            log.info("unheard")
            configure_logs("info", "json")
            log.info("heard")
            logging.getLogger("library").warning("of %s", Person(id=1, mail="mail@example"))
        finally:
            structlog.configure(**before)
            logging.captureWarnings(False)
    written = capsys.readouterr().err
    assert "unheard" not in written
    assert "heard" in written
    assert "mail@example" not in written


def test_a_plain_model_of_a_configuration_is_masked_by_its_key_names() -> None:
    class Config(BaseModel):
        password: str = "hidden away"
        size: int = 3

    with lines() as written:
        structlog.get_logger("test").info("said", config=Config())
    assert json.loads(written.getvalue())["config"] == {"password": MASK, "size": 3}


def test_a_long_value_is_cut_and_a_deep_one_ends() -> None:
    deep: Any = "end"
    for _ in range(50):
        deep = [deep]
    with lines() as written:
        structlog.get_logger("test").info("said", long="x" * 100_000, deep=deep, many=[0] * 9999)
    assert len(written.getvalue()) < 10_000


def test_without_traces_a_failure_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    with mock.patch.object(logging.getLogger(), "handlers", []):
        try:
            configure_logs("warning", "json", traces=False)
            try:
                raise ValueError("jammed")
            except ValueError:
                structlog.get_logger("test").exception("it failed")
                logging.getLogger("library").exception("so did it")
        finally:
            structlog.configure(**before)
            logging.captureWarnings(False)
    written = capsys.readouterr().err
    assert written.count("ValueError: jammed") == 2
    assert "Traceback" not in written
