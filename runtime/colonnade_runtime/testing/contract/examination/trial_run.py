"""Runs a plugin twice in a platform of its own, and notes what it does there."""

import asyncio
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import yaml

from colonnade.context import Context, Principal
from colonnade.errors import ColonnadeError
from colonnade.hookspecs import hookimpl
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.calls.policy_queries import policy_query
from colonnade_runtime.observability.failures import failure_in_words
from colonnade_runtime.observability.logs import muted_logs
from colonnade_runtime.plugins.plugin import ADVICE_FOR_OPERATORS
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.testing.contract.examination import trial_visitors as visitors
from colonnade_runtime.testing.contract.examination.asked_operations import (
    Question,
    asked_as_service,
)
from colonnade_runtime.testing.contract.examination.policy_folder import lay_out
from colonnade_runtime.testing.contract.examination.route_probes import Probe, probe_routes
from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject

TENANTS = ("acme", "globex")
_PATIENCE = 5.0
"""Seconds that a thread may take to end after the platform has stopped."""


_TRIALS: WeakKeyDictionary[Subject, "Trial"] = WeakKeyDictionary()


@dataclass
class Trial:
    """Result of a trial run. `failure` says why the platform did not start or stop."""

    failure: str | None = None
    created: tuple[object, ...] | None = None
    leftovers: list[str] = field(default_factory=list)
    answered: list[Probe] = field(default_factory=list)
    not_granted: list[Question] = field(default_factory=list)

    @property
    def objects(self) -> tuple[object, ...]:
        """The service's objects.

        Raises:
            NotTried: when they never came to be.
        """
        if self.created is None:
            raise NotTried(f"the plugin does not start: {self.failure}")
        return self.created

    @property
    def probes(self) -> list[Probe]:
        """Answers of the routes.

        Raises:
            NotTried: when they could not be asked.
        """
        if self.failure is not None:
            raise NotTried(f"the plugin does not start: {self.failure}")
        return self.answered


def trial_of(subject: Subject) -> Trial:
    """Result of the trial of a plugin, which runs once however many rules ask for it."""
    found = _TRIALS.get(subject)
    if found is None:
        found = _TRIALS[subject] = run_trial(subject)
    return found


def run_trial(subject: Subject) -> Trial:
    """Start and stop the plugin twice on the same temporary folder; ask its routes in between."""
    _ = subject.plugin
    trial = Trial()
    if subject.service is None:
        trial.created = ()
    before = set(threading.enumerate())
    # A store that is being made while the platform stops may still write its last file.
    with tempfile.TemporaryDirectory(
        prefix="colonnade-contract-", ignore_cleanup_errors=True
    ) as folder:
        declaration = declare(subject, Path(folder))
        with muted_logs():
            for is_first in (True, False):
                if trial.failure is None:
                    asyncio.run(_visit(subject, declaration, trial, asks=is_first))
    trial.leftovers += _threads_left(before)
    return trial


async def _visit(subject: Subject, declaration: Path, trial: Trial, *, asks: bool) -> None:
    tasks = asyncio.all_tasks()
    modules = [_observed(subject.module, trial), *subject.companions, visitors]
    try:
        declared = read_declaration(declaration, extra=modules)
        runtime = Runtime(declared, announce=lambda text: None)
        await runtime.start()
        try:
            if asks:
                async with _client(runtime) as client:
                    trial.answered = await probe_routes(subject, client, TENANTS)
                trial.not_granted = [
                    question
                    for question in asked_as_service(subject)
                    if await _is_refused(runtime, subject, question)
                ]
        finally:
            await runtime.stop()
    except ColonnadeError as error:
        trial.failure = error.message.replace(ADVICE_FOR_OPERATORS, "")
    except Exception as error:
        trial.failure = failure_in_words(error)
    trial.leftovers += await _tasks_left(tasks)


async def _is_refused(runtime: Runtime, subject: Subject, question: Question) -> bool:
    """Ask the policies, as the plugin, whether they grant a question on anything at all."""
    assert runtime.policy is not None
    asker = Principal.service(subject.info.name if subject.service is None else subject.service)
    context = Context(TENANTS[0], asker, deadline=time.time() + _PATIENCE, request_id="contract")
    operation, entry = question.operation, runtime.tenants.entry(TENANTS[0])
    query = policy_query(operation.action, operation, context, entry)
    return (await runtime.policy.decide(query)).refused


@asynccontextmanager
async def _client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(runtime.edge, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def _tasks_left(before: set[asyncio.Task[Any]]) -> list[str]:
    left = asyncio.all_tasks() - before
    if left:
        # What has been told to end gets the chance to.
        await asyncio.wait(left, timeout=1.0)
    return [f"the task '{task.get_name()}'" for task in left if not task.done()]


_TERMINAL = "rich."
"""Draws for whoever waits for the rules; no plugin's thread."""


def _threads_left(before: set[threading.Thread]) -> list[str]:
    until = time.monotonic() + _PATIENCE
    left: list[threading.Thread] = []
    for thread in set(threading.enumerate()) - before:
        if type(thread).__module__.startswith(_TERMINAL):
            continue
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            left.append(thread)
    return [f"the thread '{thread.name}'" for thread in left]


def _observed(module: ModuleType, trial: Trial) -> ModuleType:
    """The plugin, except that the objects it creates are noted."""
    observed = ModuleType(module.__name__)
    observed.__dict__.update(vars(module))
    original = getattr(module, "create_service", None)
    if original is None:
        trial.created = ()
        return observed

    @hookimpl
    def create_service(ctx: Any) -> Any:
        return _noted(original(ctx), trial)

    observed.__dict__["create_service"] = create_service
    return observed


@asynccontextmanager
async def _noted(created: Any, trial: Trial) -> AsyncIterator[Sequence[object]]:
    async with created as objects:
        trial.created = tuple(objects)
        yield objects


def declare(subject: Subject, folder: Path) -> Path:
    (folder / "policies").mkdir()
    lay_out(subject, folder / "policies")
    (folder / "tenants").mkdir()
    for tenant in TENANTS:
        path = folder / "tenants" / f"{tenant}.yaml"
        path.write_text(yaml.safe_dump(_tenant(subject, tenant)), encoding="utf-8")
    path = folder / "platform.yaml"
    path.write_text(yaml.safe_dump(_platform(subject)), encoding="utf-8")
    return path


def _platform(subject: Subject) -> dict[str, Any]:
    services: dict[str, Any] = {
        name: {"plugin": plugin} for name, plugin in subject.services.items()
    }
    services["visitors"] = {}
    declared: dict[str, Any] = {
        "version": 1,
        "environment": "development",
        "services": services,
        "tenants": {"watch": False},
        "logging": {"access": False},
    }
    own = {"config": dict(subject.config)} if subject.config else {}
    if subject.service is not None:
        services[subject.service].update(own)
    else:
        declared["plugins"] = {subject.info.name: own}
    return declared


def _tenant(subject: Subject, tenant: str) -> dict[str, Any]:
    declared: dict[str, Any] = {
        "version": 1,
        "id": tenant,
        "name": tenant.title(),
        "owner": {"email": f"owner@{tenant}.example"},
        "currency": "EUR",
    }
    if subject.service is not None and subject.tenant_config:
        declared["services"] = {subject.service: {"config": dict(subject.tenant_config)}}
    return declared
