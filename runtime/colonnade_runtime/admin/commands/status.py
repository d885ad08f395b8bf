"""The command `status`: what a process is, what it waits for, and what waits in it."""

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from colonnade.faults import Fault
from colonnade_runtime.admin.commands.registry import AdminCall, AdminCommand
from colonnade_runtime.background.background_work import BackgroundWork
from colonnade_runtime.edge.openapi.document import release
from colonnade_runtime.observability.faults import MAXIMUM_SHOWN
from colonnade_runtime.observability.loop_lag import Lag


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: none."""


async def status(arguments: Nothing, call: AdminCall) -> dict[str, Any]:
    """Report the state of this process; `services` says of each what it owns and what waits."""
    identity = call.platform.identity
    await call.platform.background.look()
    health = identity.health
    await health.ask_everything()
    waiting = health.stage.waiting_for() or await health.checks.failing()
    faults = health.faults.all()
    return {
        "process": identity.name,
        "pid": os.getpid(),
        "started": identity.started,
        "version": release(),
        "declaration": identity.declaration(),
        "policies": identity.policies(),
        "loop_lag_ms": _milliseconds(health.loop_lag.recent()),
        "waiting_for": waiting,
        "degraded": await health.degraded(),
        "faults": [_shown(fault) for fault in faults[:MAXIMUM_SHOWN]],
        "more_faults": max(0, len(faults) - MAXIMUM_SHOWN),
        "services": _services(identity.services, call.platform.background.works()),
    }


def _milliseconds(lag: Lag) -> dict[str, float]:
    return {"p99": round(lag.p99 * 1e3, 1), "longest": round(lag.longest * 1e3, 1)}


def _shown(fault: Fault) -> dict[str, Any]:
    shown = {field: getattr(fault, field) for field in Fault.__dataclass_fields__}
    return shown | {"since": f"{fault.since:%Y-%m-%dT%H:%M:%SZ}"}


def _services(names: tuple[str, ...], works: Mapping[str, BackgroundWork]) -> list[dict[str, Any]]:
    return [{"service": name, **_standing(works.get(name))} for name in names]


def _standing(work: BackgroundWork | None) -> dict[str, Any]:
    """Ownership of the service's background work, and the backlog."""
    if work is None:
        return {"owner": None, "pending": 0, "lag": 0.0, "dead_letters": 0, "sagas": 0}
    backlog = work.backlog.last
    return {
        "owner": work.ownership.lease is not None,
        "pending": backlog.pending,
        "lag": round(backlog.lag, 1),
        "dead_letters": backlog.dead_letters,
        "sagas": sum(backlog.sagas.values()),
    }


COMMANDS = (AdminCommand("status", Nothing, status),)
