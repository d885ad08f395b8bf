"""The page on rows: its example does what the page says."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from colonnade.errors import Conflict
from colonnade.store import Session
from tests.row_sessions import row_sessions

EXAMPLE = Path(__file__).parents[3] / "docs" / "plugin-authors" / "examples" / "library.py"
ADA = UUID(int=7)


@pytest.fixture(scope="module")
def library() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("library_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def run(library: ModuleType) -> Iterator[Callable[[Callable[[Session], Any]], Any]]:
    with row_sessions(library.Base.metadata) as new_session:

        def unit(work: Callable[[Session], Any]) -> Any:
            session = new_session()
            answer = work(session)
            session.finish()
            return answer

        yield unit


def test_books_are_lent_and_returned(library: ModuleType, run: Callable[[Any], Any]) -> None:
    book = run(library.add_book("1", "The art of lending"))
    run(library.lend(book, ADA))
    with pytest.raises(Conflict, match="lent"):
        run(library.lend(book, ADA))
    assert run(library.return_all(ADA)) == 1
    assert run(lambda session: session.get_one(library.BookRow, book).copies) == 1
    assert run(library.return_all(ADA)) == 0


def test_a_book_is_added_once(library: ModuleType, run: Callable[[Any], Any]) -> None:
    run(library.add_book("1", "One"))
    with pytest.raises(Conflict, match="ISBN"):
        run(library.add_book("1", "Another"))


def test_books_are_found_by_their_words(library: ModuleType, run: Callable[[Any], Any]) -> None:
    for number, title in enumerate(["Beta of things", "Alpha of things", "Gamma"]):
        run(library.add_book(str(number), title))
    found = run(lambda s: [book.title for book in library.books_about("of")(s)])
    assert found == ["Alpha of things", "Beta of things"]


def test_what_is_overdue_is_counted_by_title(
    library: ModuleType, run: Callable[[Any], Any]
) -> None:
    book = run(library.add_book("1", "One"))
    run(library.lend(book, ADA))
    soon = run(lambda session: session.now) + timedelta(days=1)
    assert run(library.overdue(soon)) == {"One": 1}


def test_the_library_closes_in_one_statement(
    library: ModuleType, run: Callable[[Any], Any]
) -> None:
    book = run(library.add_book("1", "One"))

    def close(session: Session) -> Any:
        before = session.get_one(library.BookRow, book).version
        assert library.close_library(session) == 1
        return before, session.get_one(library.BookRow, book).version

    assert run(close) == (1, 2)


def test_an_import_leaves_out_what_is_there(library: ModuleType, run: Callable[[Any], Any]) -> None:
    rows = [library.BookRow(isbn=isbn, title="A book") for isbn in ("1", "2", "1", "3")]
    assert run(library.import_books(rows)) == 3
