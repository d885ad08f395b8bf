"""Asks every route of a running plugin, as somebody and as nobody, and notes the answers."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from colonnade.http import Binding
from colonnade.http_files import FORM, OF_THE_FORM
from colonnade.idempotency import HEADER as IDEMPOTENCY_KEY
from colonnade.identifiers import new_id
from colonnade_runtime.edge.openapi.document import bindings
from colonnade_runtime.testing.contract.examination.examples import NoExample, example_of
from colonnade_runtime.testing.contract.examination.plugin_application import application_of
from colonnade_runtime.testing.contract.examination.subject import Subject

NOTHING = str(UUID(int=7 << 76 | 2 << 62))
"""An id that nothing has; a UUIDv7."""

_NOTE = ("note.txt", b"a note", "text/plain")
"""A file: name, bytes and type."""

_OWNER = {"Authorization": "Visitor owner"}
_ROUNDS = 3
"""How often creating is tried: what one round made, the next may refer to."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One route and what it answered to whom: a status, and for ids what the body said.

    `stranger` came without a token, and `refuses_strangers` says that they are told to sign in;
    `missing` asked for what never existed, as an owner;
    `foreign` for what another academy has. None where the question does not arise.
    """

    path: str
    binding: Binding
    stranger: int
    refuses_strangers: bool
    missing: tuple[int, str]
    foreign: tuple[int, str] | None

    def __str__(self) -> str:
        return f"{self.binding.method} {self.path} ({self.binding.operation.name})"


async def probe_routes(
    subject: Subject, client: httpx.AsyncClient, tenants: Sequence[str]
) -> list[Probe]:
    """Ask all routes of the plugin in two academies."""
    here, there = tenants
    bound = bindings(application_of(subject))
    ids = await _create(bound, client, here)
    probes = []
    for path, binding in bound:
        stranger = await _ask(client, here, path, binding, {}, {})
        missing = await _ask(client, there, path, binding, {}, _OWNER)
        foreign = None
        if any(ids.keys() & set(parameter) for parameter in _parameters(path)):
            foreign = await _ask(client, there, path, binding, ids, _OWNER)
        refuses = stranger.status_code in (401, 403) and "www-authenticate" in stranger.headers
        answers = _told(missing, ids), _maybe(foreign, ids)
        probes.append(Probe(path, binding, stranger.status_code, refuses, *answers))
    return probes


async def _create(
    bound: Sequence[tuple[str, Binding]], client: httpx.AsyncClient, tenant: str
) -> dict[str, str]:
    """Collection (`/api/v1/courses`) and field (`course_id`) → the id of something made there."""
    ids: dict[str, str] = {}
    creating = [(path, bind) for path, bind in bound if bind.location and bind.method == "POST"]
    for _ in range(_ROUNDS):
        for path, binding in creating:
            if path in ids:
                continue
            answer = await _ask(client, tenant, path, binding, ids, _OWNER)
            location = answer.headers.get("location", "")
            if answer.status_code == 201 and location:
                made = location.rstrip("/").rpartition("/")[2]
                ids[path] = made
                ids[f"{path.rpartition('/')[2].removesuffix('s')}_id"] = made
    return ids


async def _ask(
    client: httpx.AsyncClient,
    tenant: str,
    path: str,
    binding: Binding,
    ids: dict[str, str],
    headers: dict[str, str],
) -> httpx.Response:
    fields = _fields(binding)
    for name, collection in _parameters(path):
        chosen = ids.get(collection) or ids.get(name) or _missing(fields.get(name))
        path = path.replace("{" + name + "}", chosen)
        fields.pop(name, None)
    for name in fields.keys() & ids.keys():
        fields[name] = ids[name]
    sent = {"X-Tenant": tenant, **headers}
    if binding.idempotency_key:
        sent[IDEMPOTENCY_KEY] = new_id().hex
    content = _content(binding, fields)
    sent |= content.pop("headers", {})
    return await client.request(binding.method, path, headers=sent, **content)


def _content(binding: Binding, fields: dict[str, Any]) -> dict[str, Any]:
    params = {name: _text(value) for name, value in fields.items()}
    if binding.method not in ("POST", "PUT", "PATCH"):
        return {"params": params}
    if binding.body == FORM:
        if binding.fields_in_query:
            form = {name: params[name] for name in params.keys() - set(OF_THE_FORM)}
            return {"params": form, "files": {"file": _NOTE}}
        return {"files": {"file": _NOTE}}
    if binding.fields_in_query:
        media_type = binding.body.partition(",")[0].replace("*/*", "text/plain")
        return {"params": params, "content": _NOTE[1], "headers": {"Content-Type": media_type}}
    return {"json": fields}


def _fields(binding: Binding) -> dict[str, Any]:
    """A valid request of the fewest fields, as JSON."""
    try:
        message = example_of(binding.operation.request, seed=1)
    except NoExample:
        return {}
    found: dict[str, Any] = json.loads(message.encode())
    return found


def _parameters(path: str) -> Iterable[tuple[str, str]]:
    """Each parameter of a path with the collection before it."""
    parts = path.split("/")
    for index, part in enumerate(parts):
        if part.startswith("{"):
            yield part.strip("{}"), "/".join(parts[:index])


def _missing(example: Any) -> str:
    try:
        UUID(str(example))
    except ValueError:
        return str(example) if example is not None else NOTHING
    return NOTHING


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _told(answer: httpx.Response, ids: dict[str, str]) -> tuple[int, str]:
    body = answer.text
    for value in ids.values():
        body = body.replace(value, NOTHING)
    return answer.status_code, body


def _maybe(answer: httpx.Response | None, ids: dict[str, str]) -> tuple[int, str] | None:
    return None if answer is None else _told(answer, ids)
