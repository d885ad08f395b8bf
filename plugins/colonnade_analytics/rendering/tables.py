"""A report's table as JSON and as CSV."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from colonnade_analytics.api import Amount, Cell, ReportTable
from colonnade_analytics.wording.formats import in_major_units

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_json(table: ReportTable, facts: Mapping[str, Any], made_at: datetime) -> bytes:
    """The table with its title, columns and sentences; a number that is not shown is null."""
    document = {
        **facts,
        "title": table.title,
        "subtitle": table.subtitle,
        "made_at": made_at,
        "summary": list(table.summary),
        "notes": list(table.notes),
        "columns": [
            {"key": column.key, "label": column.label, "form": column.form or "text"}
            for column in table.columns
        ],
        "rows": [{key: _plain(value) for key, value in row.items()} for row in table.rows],
    }
    return msgspec.json.encode(document)


def as_csv(table: ReportTable) -> bytes:
    """The table by RFC 4180, in UTF-8. The header has the keys of the columns; money is two
    columns, `<key>` in major units and `<key>_currency`; a number that is not shown is empty.

    Text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    money = {column.key for column in table.columns if column.form == "money"}
    header: list[str] = []
    for column in table.columns:
        header.append(column.key)
        if column.key in money:
            header.append(f"{column.key}_currency")
    writer.writerow(header)
    for row in table.rows:
        line: list[str] = []
        for column in table.columns:
            line += _fields(row.get(column.key), is_money=column.key in money)
        writer.writerow(line)
    return target.getvalue().encode()


def _fields(value: Cell, *, is_money: bool) -> list[str]:
    if isinstance(value, Amount):
        return [str(in_major_units(value.amount, value.currency)), value.currency]
    if value is None:
        return ["", ""] if is_money else [""]
    return [harmless(value) if isinstance(value, str) else str(value)]


def harmless(text: str) -> str:
    """Text that no spreadsheet runs: see OWASP, CSV injection."""
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINS_A_FORMULA) else text


def _plain(value: Cell) -> Any:
    return value.model_dump() if isinstance(value, Amount) else value
