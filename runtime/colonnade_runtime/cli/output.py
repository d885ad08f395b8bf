"""Output of commands: text for people, JSON for machines, progress for long work."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock, Timer
from time import monotonic
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from colonnade.errors import ColonnadeError

PATIENCE = 0.5
"""Seconds before progress is shown."""

format_option = click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for machines.",
)


@contextmanager
def in_sentences() -> Iterator[None]:
    """Print refusals of the block, a line a problem, and exit with 1."""
    try:
        yield
    except ColonnadeError as error:
        for line in error.message.splitlines():
            click.echo(line, err=True)
        for field in error.fields:
            click.echo(f"  {field.pointer}: {field.message}", err=True)
        raise click.exceptions.Exit(1) from error


def show_json(data: Any) -> None:
    """Print data as JSON."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], nothing: str) -> None:
    """Print rows as an aligned table, or the sentence `nothing` when there are none."""
    if not rows:
        click.echo(nothing)
        return
    cells = [[column.replace("_", " ") for column in columns]]
    cells += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    for row in cells:
        aligned = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(aligned).rstrip())


@contextmanager
def unread_told(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Yields the rows of stores that were read; after the block the others are told on standard
    error, a sentence each, and then the command exits with 1."""
    yield [row for row in rows if "unread" not in row]
    unread = [row["unread"] for row in rows if "unread" in row]
    for sentence in unread:
        click.echo(sentence, err=True)
    if unread:
        raise click.exceptions.Exit(1)


def show_fields(fields: Mapping[str, Any]) -> None:
    """Print one thing, a line a field; structured values as JSON below."""
    for name, value in fields.items():
        label = name.replace("_", " ")
        if isinstance(value, dict | list):
            click.echo(f"{label}:")
            text = json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n  ")
            click.echo("  " + _printable(text))
        else:
            click.echo(f"{label}: {'-' if value is None else _printable(str(value))}")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Says on a terminal what takes so long, once it has taken a moment."""
    status = Console(stderr=True).status(f"{what} …")
    starting = Lock()
    ended = False

    def start() -> None:
        with starting:
            if not ended:
                status.start()

    timer = Timer(PATIENCE, start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with starting:
            ended = True
            status.stop()


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows a bar on standard error while the block runs, once it has run for a moment.

    Yields what is to be told: parts done, parts in all.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    began = monotonic()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)

    def tell(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if not bar.live.is_started and monotonic() - began > PATIENCE:
            bar.start()

    try:
        yield tell
    finally:
        bar.stop()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = str(value)
    return _printable(text.splitlines()[0]) if text else ""


def _printable(text: str) -> str:
    """Text as a terminal may have it: what strangers wrote moves no cursor and hides nothing."""
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )
