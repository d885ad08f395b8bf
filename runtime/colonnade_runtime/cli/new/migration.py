"""`colonnade new migration`: the next migration of a plugin, drafted from its models."""

import importlib
import re
from importlib.resources import files
from pathlib import Path

import click

from colonnade.errors import ConfigurationError
from colonnade.services import StoreNeed
from colonnade_runtime.cli.authors.plugin_folder import plugin_modules
from colonnade_runtime.observability.failures import failure_in_words

_TITLE = re.compile(r"[A-Za-z][A-Za-z0-9 ,'-]{1,70}")


@click.command("migration")
@click.argument("title", metavar="TITLE")
@click.option(
    "--plugin",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The plugin's folder; without it, this one.",
)
def new_migration(title: str, folder: Path) -> None:
    """Write what leads from the plugin's migrations to its models, as its next migration.

    TITLE says in a few words what it does: "questions have hints".
    """
    try:
        click.echo(_written(title, folder))
    except ConfigurationError as error:
        raise click.ClickException(error.message) from error


def _written(title: str, folder: Path) -> str:
    # Alembic's comparison is for this command alone; the others start without it.
    from colonnade_runtime.adapters.store.migration_drafts import MigrationDraft

    if _TITLE.fullmatch(title) is None:
        raise ConfigurationError(
            f"'{title}' is no title: say in 2 to 71 letters, digits and blanks what the migration "
            "does."
        )
    need = _need_of(folder)
    try:
        draft = MigrationDraft(need)
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(
            f"The migrations and models of {folder} cannot be compared: {failure_in_words(error)}."
        ) from error
    if draft.operations.is_empty():
        return "The migrations lead to the models already; nothing was written."
    name = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    path = Path(str(files(need.migrations) / f"v{draft.number:04d}_{name}.py"))
    sentence = f"{title[0].upper()}{title[1:]}."
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(draft.source(sentence))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
    return "\n".join([f"Wrote {path}. Read it before you rely on it.", *draft.cautions])


def _need_of(folder: Path) -> StoreNeed:
    for name in plugin_modules(folder):
        try:
            stores = getattr(importlib.import_module(name), "stores", None)
            need = None if stores is None else stores()
        except (Exception, SystemExit) as error:
            raise ConfigurationError(
                f"{name} cannot be imported: {failure_in_words(error)}. Mend it first."
            ) from error
        if isinstance(need, StoreNeed):
            return need
    raise ConfigurationError(f"The plugin at {folder} has no tables: it has no hook 'stores'.")
