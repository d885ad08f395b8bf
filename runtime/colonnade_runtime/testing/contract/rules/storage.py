"""Rules about tables."""

import importlib
from collections.abc import Iterator

from sqlalchemy import MetaData, Table

from colonnade.errors import ConfigurationError
from colonnade.policy import ResourceType
from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade.services import StoreNeed
from colonnade_runtime.adapters.store.migrations import models_metadata, schema_differences
from colonnade_runtime.observability.failures import failure_in_words
from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject


def tables_are_on_the_placeholder_schema(subject: Subject) -> Iterator[str]:
    """Each table is declared with tenant_metadata(), so that a forgotten tenant fails closed."""
    try:
        need = _need(subject)
        tables = [] if need is None else _metadata(need).sorted_tables
    except NotTried as reason:
        yield f"{reason}."
        return
    for table in tables:
        if table.schema != PLACEHOLDER_SCHEMA:
            yield (
                f"table '{table.name}' is on the schema {table.schema!r}; make the "
                "metadata of its Base with colonnade.rows.tenant_metadata()."
            )
        if not _belongs(table):
            yield f"table '{table.name}' uses the prefix 'colonnade_' of the platform's own."


def migrations_lead_to_the_models(subject: Subject) -> Iterator[str]:
    """A store made by the migrations is the one that the models describe."""
    need = _need(subject)
    if need is None:
        return
    _metadata(need)
    try:
        differences = schema_differences(need)
    except ConfigurationError as error:
        differences = [error.message]
    except Exception as error:
        differences = [f"A migration does not run: {failure_in_words(error)}"]
    yield from differences


def provisioning_can_be_found(subject: Subject) -> Iterator[str]:
    """Provisioning that `stores` names is `<module>:<function>` of a function that is there."""
    need = _need(subject)
    if need is None or need.provision is None:
        return
    module, _, name = need.provision.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        found = None
        yield f"provision names '{need.provision}', and {module} cannot be imported: {error}."
        return
    if not callable(found):
        yield f"provision names '{need.provision}', and {module} has no function '{name}'."


def resource_types_are_those_of_its_operations(subject: Subject) -> Iterator[str]:
    """Resource types of `policy_attributes` each have a name of their own."""
    names: set[str] = set()
    for item in subject.answer("policy_attributes") or ():
        if not isinstance(item, ResourceType):
            yield f"policy_attributes returns {item!r}; return colonnade.policy.ResourceType."
            continue
        if item.name in names:
            yield f"two resource types are called '{item.name}'."
        names.add(item.name)


def _need(subject: Subject) -> StoreNeed | None:
    need = subject.answer("stores")
    if need is not None and not isinstance(need, StoreNeed):
        raise NotTried(f"its hook stores answers {need!r} instead of a StoreNeed")
    return need


def _metadata(need: StoreNeed) -> MetaData:
    try:
        return models_metadata(need)
    except Exception as error:
        raise NotTried(f"the models cannot be read: {error}") from error


def _belongs(table: Table) -> bool:
    return not table.name.startswith("colonnade_")


CHECKS = (
    tables_are_on_the_placeholder_schema,
    migrations_lead_to_the_models,
    provisioning_can_be_found,
    resource_types_are_those_of_its_operations,
)
