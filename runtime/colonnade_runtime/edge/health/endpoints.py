"""Health endpoints for load balancers and Prometheus: `/livez`, `/readyz`, `/metrics`."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from litestar.types import HTTPScope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from colonnade.errors import MethodNotAllowed
from colonnade_runtime.declaration.model.hosts import is_loopback
from colonnade_runtime.declaration.model.placement import EVERYTHING, GATEWAY, Placement
from colonnade_runtime.edge.health.checks import SOURCE, HealthChecks
from colonnade_runtime.edge.http.default_headers import answer_options
from colonnade_runtime.edge.http.problems import send_problem
from colonnade_runtime.observability.faults import FaultCollector, FaultRegistry
from colonnade_runtime.observability.loop_lag import LoopLag
from colonnade_runtime.observability.process_metrics import register_process_metrics
from colonnade_runtime.observability.redaction import Redaction
from colonnade_runtime.resilience.waiting import ProcessStage

PATHS = frozenset({"/livez", "/readyz", "/metrics"})

ALIVE = b'{"status": "alive"}'
METRICS_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

READING = b"GET, HEAD, OPTIONS"

NO_ROUTE = "none"
"""The route of requests to paths that nobody declared, and of those refused before it was found."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def open_paths(place: Placement, *, production: bool) -> frozenset[str]:
    """The paths that a process answers where its requests come.

    In production there is a listener for health alone. A process behind the one in front is asked
    by that whether it is ready; its metrics are for this machine, while it is developed on.
    """
    if place.process in (EVERYTHING, GATEWAY):
        return frozenset() if production else PATHS
    is_open = not production and is_loopback(place.host)
    return PATHS if is_open else PATHS - {"/metrics"}


class Health:
    """Knows what the platform is still waiting for, and asks whether its parts can work.

    `open_paths` are those that are answered where requests are; a listener of its own answers all.
    `hosts` are those that are declared, which nobody is told.
    When one of `checks` fails the process can do nothing, and is not ready. When one of
    `degradations` fails, or a fault is open, it does less, which is said and no reason to send
    nobody here.
    """

    def __init__(
        self, log: Any, open_paths: frozenset[str] = PATHS, hosts: frozenset[str] = frozenset()
    ) -> None:
        self.open_paths = open_paths
        self._places = Redaction(hosts)
        self.faults = FaultRegistry(log)
        self.checks = HealthChecks(self.faults, log)
        self.degradations = HealthChecks(self.faults, log)
        self.look: Callable[[], Awaitable[None]] = _nothing
        self.stage = ProcessStage()
        self.registry = CollectorRegistry()
        self.registry.register(FaultCollector(self.faults))
        register_process_metrics(self.registry)
        self.loop_lag = LoopLag(self.registry)
        self.requests = Counter(
            "colonnade_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.durations = Histogram(
            "colonnade_http_request_seconds", "How long requests took.", registry=self.registry
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is a template of a declared path, or `NO_ROUTE`."""
        counter = self._counters.get((method, route, status))
        if counter is None:
            # Clients make methods up: each of those would be a series of its own for ever.
            known = method if method in METHODS else "other"
            counter = self.requests.labels(known, route, str(status))
            if known == method:
                self._counters[method, route, status] = counter
        counter.inc()
        self.durations.observe(seconds)

    async def answered(self, scope: HTTPScope, send: Send) -> bool:
        """Answer a health request; False when the path is another's."""
        path, method = scope["path"], scope["method"]
        if path not in self.open_paths:
            return False
        if method == "OPTIONS":
            await answer_options(send, READING)
        elif method not in ("GET", "HEAD"):
            allow = {"Allow": READING.decode()}
            await send_problem(send, MethodNotAllowed("Health can only be read.", headers=allow))
        elif path == "/livez":
            await _send(send, 200, ALIVE, b"application/json")
        elif path == "/readyz":
            await _send(send, *await self.readiness(), b"application/json")
        elif path == "/metrics":
            await self.look_at_everything()
            await _send(send, 200, generate_latest(self.registry), METRICS_TYPE)
        return True

    async def look_at_everything(self) -> None:
        """Look at what metrics show of now."""
        await self.look()
        await self.ask_everything()

    async def ask_everything(self) -> None:
        """Ask all parts, so that the open faults are those of now."""
        await asyncio.gather(self.checks.failing(), self.degradations.failing())

    async def degraded(self) -> dict[str, str]:
        """Degradations and faults; of a fault its kind and time only."""
        return {**await self.degradations.failing(), **self.faults.summary(but=SOURCE)}

    async def readiness(self) -> tuple[int, bytes]:
        """Status and JSON of `/readyz`; places are for the log and `colonnade status`."""
        waiting_for = self.stage.waiting_for() or await self.checks.failing()
        said: dict[str, Any] = {"status": "not ready" if waiting_for else "ready"}
        said["waiting_for"] = self._places.without(waiting_for)
        degraded = self._places.without(await self.degradations.failing())
        if degraded := degraded | self.faults.summary(but=SOURCE):
            said["degraded"] = degraded
        return (503 if waiting_for else 200), json.dumps(said).encode()


async def _nothing() -> None:
    """Leave the background work alone: before the start none exists."""


async def _send(send: Send, status: int, body: bytes, media_type: bytes) -> None:
    headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
