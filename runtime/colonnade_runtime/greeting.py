"""What a platform says when it is ready: where it is, who may sign in, what to try next."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from colonnade_runtime.declaration import LoadedPlatform, Tenant

SHOWN = 10
"""Academies that are listed."""

PASSWORD = "COLONNADE_OWNER_PASSWORD"  # noqa: S105 - the name of a variable, not a password


def greeting(loaded: LoadedPlatform, port: int, environ: Mapping[str, str] = os.environ) -> str:
    """The lines for the console of whoever started the platform."""
    return "\n".join(_lines(loaded, port, environ))


def _lines(loaded: LoadedPlatform, port: int, environ: Mapping[str, str]) -> Iterator[str]:
    tenants = list(loaded.tenants.values())
    yield "Colonnade is ready."
    for tenant in tenants[:SHOWN]:
        state = "" if tenant.is_active else ", suspended"
        address = _address(loaded, tenant, port)
        yield f"  {tenant.name}: {address} (owner {tenant.owner.email}{state})"
    if len(tenants) > SHOWN:
        yield f"  and {len(tenants) - SHOWN} more academies"
    if not tenants:
        yield f"  No academy yet. Make one: {_command(loaded)} new tenant acme"
        return
    if environ.get(PASSWORD):
        yield f"Owners sign in with the password in {PASSWORD}, unless they changed it."
    elif not loaded.platform.is_production:
        yield (
            "Owners sign in with a password that is made up and printed here at first use "
            f"({PASSWORD} is not set)."
        )
    yield from _next(loaded, tenants[0], port)


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
    """How this command line was started, so that a copied line works."""
    started = Path(sys.argv[0])
    name = str(started) if started.name == "colonnade" else "colonnade"
    if loaded.root.absolute() == Path.cwd():
        return name
    return f"{name} --platform {loaded.root / 'platform.yaml'}"
