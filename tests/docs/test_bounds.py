"""Whatever a person may write has a bound, and the operators' page says which."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from litestar import Litestar

from colonnade.operations import Operation
from colonnade_runtime.edge.openapi.document import bindings

PAGE = (Path(__file__).parents[2] / "docs/operators/bounds.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` (\w+) \| ([\d,]*) \| (.*) \|$", re.MULTILINE)
SERVICES = ("user", "course", "content", "payment", "notification", "analytics")


def writing() -> Iterator[Operation]:
    """Every operation that HTTP offers beside readings."""
    for service in SERVICES:
        routes = list(import_module(f"colonnade_{service}.plugin").http_routes())
        application = Litestar(routes, path="/api/v1", openapi_config=None)
        for _, binding in bindings(application):
            if binding.method != "GET":
                yield binding.operation


STATED = {(service, name): (times, beside) for service, name, times, beside in ROW.findall(PAGE)}
# In an order of their own: the processes of one run have to collect the same tests.
WRITING = dict(sorted({(each.service, each.name): each for each in writing()}.items()))


def test_the_page_has_a_row_for_every_operation_that_writes_and_for_no_other() -> None:
    assert set(STATED) == set(WRITING)


@pytest.mark.parametrize("key", WRITING, ids=".".join)
def test_every_operation_that_writes_has_a_bound_and_the_page_says_it(key: tuple[str, str]) -> None:
    times, beside = STATED[key]
    assert times or beside
    per_day = WRITING[key].per_day
    assert times == ("" if per_day is None else f"{per_day:,}")
