"""Rules about the contract over time: within a major version it only grows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from colonnade.errors import ConfigurationError
from colonnade.events import event_type_of
from colonnade.operations import operation_of
from colonnade_runtime.testing.contract.examination.compatibility import (
    breaking_changes,
    promises,
    resolved,
)
from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject
from colonnade_runtime.testing.contract.examination.trial_run import trial_of

FILE_NAME = "contract.json"
"""Beside the author's test."""

_ADVICE = "record it with `pytest --update-contract` and commit the file"


def contract_only_grows(subject: Subject) -> Iterator[str]:
    """Promises of the recorded contract are not taken back within a major version."""
    recorded = _recorded(subject)
    if recorded is None or not _compatible(recorded["version"], subject.info.version):
        return
    for change in breaking_changes(recorded, contract_of(subject)):
        yield (
            f"{change} Keep it, declare a new major of the operation or event beside the old "
            f"one, or release {subject.info.name} under a version that may break. If it was never "
            f"released, delete {FILE_NAME} and {_ADVICE}."
        )


def contract_is_recorded(subject: Subject) -> Iterator[str]:
    """The contract is the recorded one, operations open to strangers included."""
    present = contract_of(subject)
    recorded = _recorded(subject)
    if subject.update:
        if list(contract_only_grows(subject)):
            yield (
                f"Nothing was recorded, since promises would be taken back. If they "
                f"were never released, nobody relies on them: delete {subject.snapshot} and "
                f"{_ADVICE}."
            )
            return
        _write(subject, present)
        return
    if recorded is None:
        if not _unpromised(subject.info.version):
            yield f"{subject.snapshot} does not exist; {_ADVICE}."
        return
    for kind in ("operations", "events"):
        before, now = resolved(recorded[kind], recorded), resolved(present[kind], present)
        yield from _differences(kind, before, now)


def contract_of(subject: Subject) -> dict[str, Any]:
    """The contract as plain data. `open` says that a stranger gets past the policy."""
    is_open = {
        probe.binding.operation.request: not probe.refuses_strangers
        for probe in trial_of(subject).probes
    }
    schemas, definitions = _schemas(subject)
    operations = {}
    for request in subject.operations:
        operation = operation_of(request)
        operations[operation.subject] = {
            "action": operation.action,
            "resource": operation.resource,
            "idempotent": operation.idempotent,
            "stream": str(operation.stream),
            "open": is_open.get(request, False),
            "errors": {error.code: error.status for error in operation.errors},
            "request": schemas[request],
            "response": schemas[operation.response],
        }
    events = {
        event_type_of(model).type: {
            "key": event_type_of(model).key,
            "data": schemas[model],
        }
        for model in subject.events
    }
    version = subject.info.version
    return {
        "version": version,
        "operations": operations,
        "events": events,
        "$defs": definitions,
    }


def _schemas(subject: Subject) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Model → a reference, and what is referred to; without what promises nothing."""
    by_model, document = models_json_schema([(model, "validation") for model in subject.travelling])
    definitions: dict[str, Any] = promises(document).get("$defs", {})
    return {model: reference for (model, _), reference in by_model.items()}, definitions


def _differences(kind: str, recorded: dict[str, Any], present: dict[str, Any]) -> Iterator[str]:
    for name in sorted(recorded.keys() | present.keys()):
        if name not in recorded:
            yield f"{name} is new among the {kind}; {_ADVICE}."
        elif name not in present:
            yield f"{name} is gone from the {kind}; {_ADVICE}."
        else:
            yield from _changes(name, recorded[name], present[name])


def _changes(name: str, recorded: dict[str, Any], present: dict[str, Any]) -> Iterator[str]:
    for part in sorted(recorded.keys() | present.keys()):
        before, now = recorded.get(part), present.get(part)
        if before == now:
            continue
        if part == "open" and now:
            yield f"{name} answers somebody without a token. If that is meant, {_ADVICE}."
        else:
            yield f"{name}: its {part} has changed; {_ADVICE}."


def _compatible(recorded: str, present: str) -> bool:
    """Tell whether no breaking change may come between two versions (semver.org §4 and §8)."""
    before, now = recorded.split("."), present.split(".")
    return before[:2] == now[:2] if before[0] == "0" else before[0] == now[0]


def _unpromised(version: str) -> bool:
    """Tell whether a version is from before the author promised anything: 0.0.x, of which each
    may break (semver.org §4). A record that was begun nevertheless holds."""
    return version.startswith("0.0.")


def _recorded(subject: Subject) -> dict[str, Any] | None:
    path = subject.snapshot
    if path is None:
        raise NotTried("no file to record the contract in is known")
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}. Restore or delete it.") from error
    return found


def _write(subject: Subject, contract: dict[str, Any]) -> None:
    assert isinstance(subject.snapshot, Path)
    text = json.dumps(contract, indent=1, sort_keys=True, ensure_ascii=False)
    subject.snapshot.write_text(text + "\n", encoding="utf-8")


CHECKS = (contract_only_grows, contract_is_recorded)
