"""A service that says to each caller where it sees the request come from."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

from litestar import Controller
from litestar import get as http_get
from small_site import make_plugin

from colonnade.http import AnyRequest, bind, edge_of, get, post
from colonnade.messages import Message, Request
from colonnade.operations import Call, handles, operation
from colonnade.policy import ResourceType
from colonnade.services import ServiceContext

POLICY = """\
package colonnade.services.mirror
actions contains "mirror.read"
grants contains [] if input.action == "mirror.read"
"""


class Seen(Message):
    tenant: str
    client: str


@operation("mirror", action="mirror.read", idempotent=True)
class Look(Request[Seen]):
    """Look into the mirror."""


@operation("mirror", action="mirror.read")
class Say(Request[Seen]):
    """Say something to the mirror."""

    text: str


class Mirror:
    @handles(Look)
    async def look(self, request: Look, call: Call) -> Seen:
        return Seen(tenant=call.tenant, client=call.context.client)

    @handles(Say)
    async def say(self, request: Say, call: Call) -> Seen:
        return Seen(tenant=request.text, client=call.context.client)


class Looking(Controller):
    path = "/mirror"
    look = get("/", Look)
    say = post("/", Say)

    @http_get("/scheme", opt=bind("GET", Look))
    async def scheme(self, request: AnyRequest) -> dict[str, str]:
        await edge_of(request).ask(Look())
        return {"scheme": request.url.scheme}


@asynccontextmanager
async def _service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
    yield [Mirror()]


def _types() -> Sequence[ResourceType]:
    return []


def _policies() -> Mapping[str, str]:
    return {"mirror.rego": POLICY}


def mirror_plugin() -> ModuleType:
    """The service as a plugin."""
    hooks: dict[str, Any] = {
        "create_service": _service,
        "operations": lambda: [Look, Say],
        "http_routes": lambda: [Looking],
        "policies": _policies,
        "policy_attributes": _types,
    }
    return make_plugin("mirror", "mirror", **hooks)
