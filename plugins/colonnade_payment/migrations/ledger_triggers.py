"""Triggers that make the ledger append only and balanced in the database itself.

A journal's row is written after its postings and seals them: a trigger refuses the row unless
they sum to zero in each currency, and any posting that comes after it. A deferred foreign key
refuses to commit postings without their journal. Nothing can be updated or deleted.
"""

from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA

_SQLITE = [
    *(
        f"""
        CREATE TRIGGER {table}_refuse_{event.lower()} BEFORE {event} ON {table}
        BEGIN SELECT RAISE(ABORT, 'the ledger is append only'); END
        """
        for table in ("journals", "postings")
        for event in ("UPDATE", "DELETE")
    ),
    """
    CREATE TRIGGER postings_refuse_late BEFORE INSERT ON postings
    WHEN EXISTS (SELECT 1 FROM journals WHERE id = NEW.journal_id)
    BEGIN SELECT RAISE(ABORT, 'the journal is sealed'); END
    """,
    """
    CREATE TRIGGER postings_refuse_replacement BEFORE INSERT ON postings
    WHEN EXISTS (
        SELECT 1 FROM postings WHERE journal_id = NEW.journal_id AND line = NEW.line
    )
    BEGIN SELECT RAISE(ABORT, 'the ledger is append only'); END
    """,
    """
    CREATE TRIGGER journals_refuse_replacement BEFORE INSERT ON journals
    WHEN EXISTS (
        SELECT 1 FROM journals
        WHERE id = NEW.id OR (kind = NEW.kind AND reference = NEW.reference)
    )
    BEGIN SELECT RAISE(ABORT, 'the ledger is append only'); END
    """,
    """
    CREATE TRIGGER journals_refuse_unbalanced BEFORE INSERT ON journals
    WHEN NOT EXISTS (SELECT 1 FROM postings WHERE journal_id = NEW.id)
      OR EXISTS (
        SELECT 1 FROM postings WHERE journal_id = NEW.id
        GROUP BY currency HAVING SUM(amount) <> 0
      )
    BEGIN SELECT RAISE(ABORT, 'the journal does not balance'); END
    """,
]
"""`INSERT OR REPLACE` deletes without the delete triggers, so it is refused by itself."""


_POSTGRESQL = [
    """
    CREATE FUNCTION {schema}refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is append only'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE FUNCTION {schema}refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM {schema}journals WHERE id = NEW.journal_id) THEN
            RAISE EXCEPTION 'the journal is sealed'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION {schema}refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT 1 FROM {schema}postings WHERE journal_id = NEW.id) OR EXISTS (
            SELECT 1 FROM {schema}postings WHERE journal_id = NEW.id
            GROUP BY currency HAVING SUM(amount) <> 0
        ) THEN
            RAISE EXCEPTION 'the journal does not balance'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    *(
        "CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {schema}{table}"
        " FOR EACH ROW EXECUTE FUNCTION {schema}refuse_change()".replace("{table}", table)
        for table in ("journals", "postings")
    ),
    *(
        "CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {schema}{table}"
        " EXECUTE FUNCTION {schema}refuse_change()".replace("{table}", table)
        for table in ("journals", "postings")
    ),
    "CREATE TRIGGER postings_refuse_late BEFORE INSERT ON {schema}postings"
    " FOR EACH ROW EXECUTE FUNCTION {schema}refuse_late()",
    "CREATE TRIGGER journals_refuse_unbalanced BEFORE INSERT ON {schema}journals"
    " FOR EACH ROW EXECUTE FUNCTION {schema}refuse_unbalanced()",
]


def seal_ledger(op: Operations) -> None:
    """Create the triggers, in the words of the database at hand."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in _SQLITE:
            op.execute(statement)
        return
    translation = connection.get_execution_options().get("schema_translate_map", {})
    name = translation.get(PLACEHOLDER_SCHEMA)
    schema = f'"{name}".' if name else ""
    for statement in _POSTGRESQL:
        op.execute(statement.replace("{schema}", schema))
