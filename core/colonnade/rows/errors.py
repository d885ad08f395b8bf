"""Errors of statements, alike on every database."""


class ConstraintViolated(Exception):
    """A constraint of the database refused: a uniqueness that another row has, a foreign key.

    The statement changed nothing, but on PostgreSQL the transaction is lost unless a savepoint was
    set; so is it everywhere when a flush or one of several values was refused.
    """


class StaleRow(Exception):
    """A row was changed or deleted since this unit of work read it; its write did not happen."""
