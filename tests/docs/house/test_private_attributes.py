"""Private attributes: of ours, tests reach none; of libraries, every one is known and pinned."""

import ast
import asyncio
import atexit
import inspect
import ipaddress
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.micro.request import Request
from nats.micro.service import Endpoint, Service
from opa_client.opa_async import AsyncOpaClient
from polyfactory.factories.pydantic_factory import ModelFactory
from sqlalchemy import Select

ROOT = Path(__file__).parents[3]
SOURCES = ("core", "runtime", "plugins")
OURS = "colonnade"
DOCUMENTED = frozenset({"_replace", "_asdict", "_exit"})
"""Of named tuples and of `os`: their documentation names them, so they are private in looks."""

NATS = "runtime/colonnade_runtime/adapters/bus/nats/"
OPA = "runtime/colonnade_runtime/adapters/policy/opa/client.py"
LOOP = "runtime/colonnade_runtime/testing/simulation/"
PUSH_TESTS = "tests/plugins/notification/channels/push/test_public_addresses.py"
EXAMPLES = "runtime/colonnade_runtime/testing/contract/examination/examples.py"


@dataclass(frozen=True)
class Reached:
    """A private attribute `name` of a library's `owner` that `file` reaches, and what to do when
    the library has renamed it."""

    file: str
    owner: Any
    name: str
    mend: str


_READS = "Look how nats-py's client now ends its reading on what it does not expect"
_TAKES = "Look how nats-py's client now hands on a message, to take answers without its queue"
_SENDS = "Look how nats-py's client now gathers what it writes, to add to it without a wait"
_SERVICE = "Look how nats-py's micro service now keeps its subscriptions, to drain them at a stop"
REACHED = [
    Reached(
        "runtime/colonnade_runtime/serve/forking/forked_program.py",
        threading,
        "_shutdown",
        "Find how a forked process now waits for its threads, as multiprocessing does",
    ),
    Reached(
        "runtime/colonnade_runtime/serve/forking/forked_program.py",
        atexit,
        "_run_exitfuncs",
        "Find how a forked process now runs what is registered for its exit",
    ),
    Reached(
        "core/colonnade/rows/cached_shapes.py",
        Select,
        "_generate_cache_key",
        "Find how SQLAlchemy now tells two statements of one form apart from their values",
    ),
    Reached(
        "core/colonnade/rows/statement_shape.py",
        Select,
        "_raw_columns",
        "Find how a select tells a whole table from its columns named one by one",
    ),
    Reached(f"{NATS}connection/client_library.py", Client, "_process_connect_init", _READS),
    Reached(f"{NATS}connection/client_library.py", Client, "_process_headers", _READS),
    Reached(f"{NATS}connection/client_library.py", Client, "_parse_header_lines", _READS),
    Reached(f"{NATS}connection/client_library.py", Client, "_process_op_err", _READS),
    Reached(f"{NATS}connection/client_library.py", Client, "_read_loop", _READS),
    Reached(f"{NATS}connection/client_library.py", Client, "_process_msg", _TAKES),
    Reached(f"{NATS}connection/client_library.py", Client, "_build_message", _TAKES),
    Reached(f"{NATS}connection/client_library.py", Client, "_subs", _TAKES),
    Reached(f"{NATS}connection/client_library.py", Client, "_pending", _SENDS),
    Reached(f"{NATS}connection/client_library.py", Client, "_pending_data_size", _SENDS),
    Reached(f"{NATS}connection/client_library.py", Client, "_flush_queue", _SENDS),
    Reached(f"{NATS}connection/client_library.py", Client, "_flusher_task", _SENDS),
    Reached(f"{NATS}connection/client_library.py", Client, "_max_payload", _READS),
    Reached(
        f"{NATS}connection/connection.py",
        Subscription,
        "_id",
        "Find how a message tells which subscription it is of",
    ),
    Reached(
        f"{NATS}connection/inboxes.py",
        Msg,
        "_client",
        "Find how a message tells its client, so that only inboxes are answered",
    ),
    Reached(
        f"{NATS}connection/inboxes.py",
        Msg,
        "_sid",
        "Find how a message tells its subscription, so that only pulled ones are acknowledged",
    ),
    Reached(
        f"{NATS}events/jetstream_message.py",
        Msg,
        "_client",
        "Find how a message tells its client, to acknowledge without an error when it is closed",
    ),
    Reached(
        f"{NATS}operations/responder.py",
        Request,
        "_msg",
        "Find how a request tells its message, whose reply subject says that it is a question",
    ),
    Reached(
        f"{NATS}operations/responder.py",
        Subscription,
        "_id",
        "Find how a message tells which subscription it is of",
    ),
    Reached(
        f"{NATS}operations/responder.py",
        Endpoint,
        "_num_requests",
        "Find how an endpoint counts what it is asked; questions that are taken at once count too",
    ),
    Reached(f"{NATS}operations/responder.py", Service, "_endpoints", _SERVICE),
    Reached(f"{NATS}operations/responder.py", Service, "_subscriptions", _SERVICE),
    Reached(f"{NATS}operations/responder.py", Endpoint, "_subscription", _SERVICE),
    Reached(
        "runtime/colonnade_runtime/gateway/client.py",
        aiohttp.ClientSession,
        "_retry_connection",
        "Find how to forbid aiohttp to send a request twice; the gateway decides that",
    ),
    Reached(
        "runtime/colonnade_runtime/gateway/websockets.py",
        aiohttp.ClientWebSocketResponse,
        "_response",
        "Find where aiohttp shows the headers of a handshake",
    ),
    Reached(OPA, aiohttp.ClientResponse, "_body", "Find where aiohttp keeps a body that was read"),
    Reached(OPA, AsyncOpaClient, "_init_session", "Find where the client makes its session"),
    Reached(OPA, AsyncOpaClient, "_session", "Find where the client keeps its session"),
    Reached(OPA, AsyncOpaClient, "_connector", "Find where the client keeps its connector"),
    Reached(
        OPA,
        aiohttp.ClientSession,
        "_request",
        "Find how the session sends, to forbid it to follow redirects",
    ),
    Reached(
        f"{LOOP}loop.py",
        asyncio.Task,
        "_log_destroy_pending",
        "Find how to throw a pending task away without a word",
    ),
    Reached(
        f"{LOOP}timeline.py",
        asyncio,
        "_set_running_loop",
        "Find how to name the loop that runs; several share a thread in a simulation",
    ),
    Reached(f"{LOOP}timeline.py", asyncio.Handle, "_run", "Find how to run one callback"),
    Reached(
        EXAMPLES,
        ModelFactory,
        "_get_or_create_factory",
        "Find how polyfactory makes factories of nested models",
    ),
    Reached(EXAMPLES, ModelFactory, "_get_config", "Find how polyfactory hands a configuration on"),
    Reached(
        PUSH_TESTS,
        ipaddress,
        "_IPv4Constants",
        "Find where Python lists the networks that it takes for private",
    ),
    Reached(
        PUSH_TESTS,
        ipaddress,
        "_IPv6Constants",
        "Find where Python lists the networks that it takes for private",
    ),
    Reached(
        PUSH_TESTS,
        vars(ipaddress)["_IPv4Constants"],
        "_private_networks",
        "Find where Python lists the networks that it takes for private",
    ),
]


@pytest.mark.parametrize("reached", REACHED, ids=lambda each: f"{each.owner.__name__}.{each.name}")
def test_a_private_attribute_of_a_library_is_still_there(reached: Reached) -> None:
    """A class sets some of its attributes in its methods, so its source counts as well."""
    assert has(reached.owner, reached.name), (
        f"{reached.owner.__module__}.{reached.owner.__name__} has no {reached.name} any more."
        f" {reached.mend}; then mend {reached.file} and this list."
    )


def test_every_private_attribute_of_a_library_is_listed() -> None:
    listed = {(each.file, each.name) for each in REACHED}
    found = {
        (str(path.relative_to(ROOT)), name)
        for root in SOURCES
        for path in (ROOT / root).rglob("*.py")
        for name in foreign(path)
    }
    assert found <= listed, f"Reached and not listed: {sorted(found - listed)}"


def test_nothing_is_listed_that_is_not_reached() -> None:
    for each in REACHED:
        assert f".{each.name}" in (ROOT / each.file).read_text("utf-8"), each


@pytest.mark.parametrize(
    "folder",
    [each for each in (ROOT / "tests").iterdir() if each.is_dir()],
    ids=lambda each: each.name,
)
def test_tests_reach_into_nothing_private(folder: Path) -> None:
    """Where a test must look inside, what it looks at is made public."""
    reached = []
    for path in sorted(folder.rglob("*.py")):
        tree = parsed(path)
        file = str(path.relative_to(ROOT))
        theirs = {each.name for each in REACHED if each.file == file}
        found = [*private_attributes(tree, own=False), *patched(tree)]
        reached += [
            f"{file}:{line}: {name}" for line, name in found if name not in DOCUMENTED | theirs
        ]
    assert reached == []


def foreign(path: Path) -> Iterator[str]:
    """The private names that a module reaches and that neither it nor what it imports of ours
    defines."""
    tree = parsed(path)
    names = {name for _, name in private_attributes(tree, own=True)} - DOCUMENTED
    if names:
        known = defined(path).union(*(defined(each) for each in imported(tree)))
        yield from names - known


def private_attributes(tree: ast.AST, *, own: bool) -> Iterator[tuple[int, str]]:
    """Every attribute with one underscore, of `self` and `cls` only when `own`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            of_itself = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if own or not of_itself:
                yield node.lineno, node.attr


def patched(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every private name that is given as text to `setattr`, `delattr` or `getattr`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("setattr", "delattr", "getattr"):
                for argument in node.args[:2]:
                    text = argument.value if isinstance(argument, ast.Constant) else ""
                    last = str(text).rpartition(".")[2]
                    if is_private(last):
                        yield node.lineno, last


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def has(owner: Any, name: str) -> bool:
    if hasattr(owner, name):
        return True
    if not inspect.isclass(owner):
        return False
    return any(
        f"self.{name}" in source or f" {name}:" in source
        for source in (inspect.getsource(each) for each in owner.__mro__[:-1])
    )


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def defined(path: Path) -> frozenset[str]:
    """Every private name that a module gives something to."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                found.add(node.attr)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "__setattr__":
            found.update(each.value for each in node.args if isinstance(each, ast.Constant))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)


def imported(tree: ast.AST) -> Iterator[Path]:
    """The modules of ours that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
            parts = (node.module or "").split(".")
            for root in SOURCES:
                for file in (Path(*parts).with_suffix(".py"), Path(*parts, "__init__.py")):
                    if (ROOT / root / file).is_file():
                        yield ROOT / root / file
