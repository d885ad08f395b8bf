"""Banner of a platform that is ready: its addresses, who may sign in, what to try next."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import structlog

from colonnade.services import OwnerStanding
from colonnade_runtime.declaration import LoadedPlatform, Platform, Tenant
from colonnade_runtime.observability.logs import is_for_machines
from colonnade_runtime.serve.heartbeat import is_supervised


@dataclass(frozen=True, slots=True)
class Banner:
    """Says that a process is ready: in plain text to people and to whoever supervises it, which
    goes by that line, and in the log where programs read everything."""

    plain: bool
    supervised: bool

    @classmethod
    def of(cls, platform: Platform) -> "Banner":
        """The one of a process that begins; made before it sends heartbeats."""
        form, production = platform.logging.format, platform.is_production
        return cls(not is_for_machines(form, production=production), is_supervised())

    def announce(self, line: str) -> None:
        """Print once what is never logged, such as a generated password: on standard output in
        either form, past the log, which would mask it."""
        if not self.plain:
            moment = datetime.now(UTC).isoformat()
            line = json.dumps({"timestamp": moment, "level": "info", "event": line})
        click.echo(line)

    def process(self, line: str) -> None:
        """One process of several is ready. The log has a line of it anyway."""
        if self.plain or self.supervised:
            click.echo(line)

    def platform(
        self, loaded: LoadedPlatform, port: int, standings: Mapping[str, OwnerStanding]
    ) -> None:
        """All of the platform is ready, in one process."""
        if self.plain:
            click.echo(banner_text(loaded, port, standings))
            return
        log = structlog.get_logger("colonnade")
        for name in shown_tenants(loaded):
            tenant = loaded.tenants[name]
            known = name in standings
            owner = _sentence(loaded, tenant, standings[name]) if known else None
            log.info("academy", tenant=name, url=_address(loaded, tenant, port), owner=owner)


SHOWN = 10
"""Academies that are listed."""


def banner_text(
    loaded: LoadedPlatform, port: int, standings: Mapping[str, OwnerStanding] | None = None
) -> str:
    """The lines for the console of whoever started the platform.

    `standings` says how owners sign in, by tenant, as far as it is known.
    """
    return "\n".join(_lines(loaded, port, standings or {}))


def shown_tenants(loaded: LoadedPlatform) -> list[str]:
    """The active academies that the banner lists."""
    return [name for name, one in list(loaded.tenants.items())[:SHOWN] if one.is_active]


def _lines(
    loaded: LoadedPlatform, port: int, standings: Mapping[str, OwnerStanding]
) -> Iterator[str]:
    tenants = list(loaded.tenants.values())
    yield "Colonnade is ready."
    for tenant in tenants[:SHOWN]:
        state = "" if tenant.is_active else ", suspended"
        address = _address(loaded, tenant, port)
        yield f"  {tenant.name}: {address} (owner {tenant.owner.email}{state})"
        standing = standings.get(tenant.id)
        if standing is not None:
            yield f"    {_sentence(loaded, tenant, standing)}"
    if len(tenants) > SHOWN:
        yield f"  and {len(tenants) - SHOWN} more academies"
    if not tenants:
        yield f"  No academy yet. Make one: {_command(loaded)} new tenant acme"
        return
    yield from _next(loaded, tenants[0], port)


def _sentence(loaded: LoadedPlatform, tenant: Tenant, standing: OwnerStanding) -> str:
    reference = tenant.owner.password
    place = "its file" if reference is None else f"{reference.scheme}:{reference.locator}"
    new = f"{_command(loaded)} owner password {tenant.id}"
    sentences = {
        OwnerStanding.DECLARED: f"signs in with the password in {place}",
        OwnerStanding.MADE_UP: "signs in with the password that was made up and printed when the "
        f"account was made; a new one: {new}",
        OwnerStanding.CHANGED: f"signs in with a password that was set since; a new one: {new}",
        OwnerStanding.DIFFERS: "signs in with the password of when the account was made, which is "
        f"not the one in {place} now; a new one: {new}",
    }
    return sentences[standing]


def _next(loaded: LoadedPlatform, tenant: Tenant, port: int) -> Iterator[str]:
    address = _address(loaded, tenant, port)
    yield "Try next, in another terminal:"
    if "course" in loaded.platform.enabled_services:
        command = f"{_command(loaded)} course import FOLDER --tenant {tenant.id} --publish"
        yield f"  import a course:  {command}"
        yield f"  see it:           curl {address}/courses"
        yield "  read a lesson:    enrol, then GET /content/{content_id}; README.md shows how"
    if "payment" in loaded.platform.enabled_services:
        yield "  sell the course:  PATCH its price, then POST /payments; README.md shows how"
        yield "  see the money:    GET /payments, /transactions and /balances, as the owner"
    if "analytics" in loaded.platform.enabled_services:
        yield "  see the numbers:  GET /metrics; POST /reports, then GET /reports/{id}/content"
    yield f"  all operations:   curl {address.removesuffix('/api/v1')}/openapi.json"
    yield f"  look inside:      {_command(loaded)} outbox status"


def _address(loaded: LoadedPlatform, tenant: Tenant, port: int) -> str:
    return f"http://{tenant.id}.{loaded.platform.gateway.domain}:{port}/api/v1"


def _command(loaded: LoadedPlatform) -> str:
    """Command line that started this process, so that a copied line works."""
    started = Path(sys.argv[0])
    name = str(started) if started.name == "colonnade" else "colonnade"
    if loaded.root.absolute() == Path.cwd():
        return name
    return f"{name} --platform {loaded.root / 'platform.yaml'}"
