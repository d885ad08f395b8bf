"""Metadata of tenants' tables.

Tables are declared on a placeholder schema that exists nowhere. A store maps it to the tenant's
own (PostgreSQL) or to none (SQLite, one file per tenant), so a statement that forgot its tenant
fails instead of reaching another's rows.
"""

from sqlalchemy import MetaData

PLACEHOLDER_SCHEMA = "tenant"
"""The schema that no database has; see `schema_translate_map` in SQLAlchemy."""

PENDING_WORK = "pending_work"
"""Key in a table's `info`: its rows are work to be done after the commit that writes them, so
the store names the tenant in the work index before it commits one. The value is true, or the SQL
condition under which a row still waits: a file that is opened with such rows, as after a restore,
names its tenant too."""

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


TRACKED = "tracked"
"""Key in metadata's `info`: whether changes of its rows drop cached answers."""


def tenant_metadata(*, tracked: bool = True) -> MetaData:
    """New metadata on the placeholder schema, with stable constraint names.

    Of tables that no answer is made of, changes need not be `tracked`.
    """
    return MetaData(schema=PLACEHOLDER_SCHEMA, naming_convention=NAMING, info={TRACKED: tracked})
