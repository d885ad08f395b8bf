"""Rows: typed access to a service's tables, on SQLAlchemy Core and the driver beneath it.

Tables are declared once, as classes; statements are SQLAlchemy's, those that run often compiled
once. See docs/plugin-authors/rows.md.
"""

from colonnade.rows.columns import Column, column
from colonnade.rows.errors import ConstraintViolated, StaleRow
from colonnade.rows.metadata import PENDING_WORK, PLACEHOLDER_SCHEMA, tenant_metadata
from colonnade.rows.prepared import Prepared, prepare
from colonnade.rows.result import Result
from colonnade.rows.row import Identified, Row, Timestamped, Versioned, table_of
from colonnade.rows.types import UtcDateTime

__all__ = [
    "PENDING_WORK",
    "PLACEHOLDER_SCHEMA",
    "Column",
    "ConstraintViolated",
    "Identified",
    "Prepared",
    "Result",
    "Row",
    "StaleRow",
    "Timestamped",
    "UtcDateTime",
    "Versioned",
    "column",
    "prepare",
    "table_of",
    "tenant_metadata",
]
