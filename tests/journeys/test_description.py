"""The API's description says what the API does: its headers, its refusals, its parameters."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from litestar import Litestar, Router

from colonnade_runtime.declared import read_declaration
from colonnade_runtime.gateway.openapi import openapi_document
from tests.journeys.academy import ROOT

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_OWNER_PASSWORD", "a password for the owner")
        plugins = read_declaration(ROOT / "platform.yaml").plugins
    routes = [
        route
        for name in plugins.start_order
        for route in plugins.services[name].call("http_routes") or ()
    ]
    application = Litestar([Router("/api/v1", route_handlers=routes)], openapi_config=None)
    described = openapi_document(application, title="Colonnade", version="1")
    whole: dict[str, Any] = json.loads(json.dumps(described))
    return whole


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def taken(document: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """The names of its header parameters."""
    found = set()
    for each in operation["parameters"]:
        if "$ref" in each:
            each = document["components"]["parameters"][each["$ref"].rpartition("/")[2]]
        if each["in"] == "header":
            found.add(each["name"])
    return found


def test_it_is_openapi(document: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.validate()
    assert document["servers"][0]["url"] == "/"
    assert document["info"]["description"]


def test_every_operation_is_described_and_takes_the_academy(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert operation["description"].startswith(operation["summary"][:10]), (path, method)
        assert "X-Tenant" in taken(document, operation)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for each in part.values():
                yield from references(each)
        elif isinstance(part, list):
            for each in part:
                yield from references(each)

    for reference in set(references(document)):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_refusals_name_the_headers_that_say_what_to_do(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        answers = operation["responses"]
        assert "WWW-Authenticate" in answers["401"]["headers"]
        assert "Retry-After" in answers["429"]["headers"]
        assert "Retry-After" in answers["503"]["headers"]
        assert "default" in answers


def test_versions_come_with_their_headers(document: dict[str, Any]) -> None:
    read = document["paths"]["/api/v1/courses/{course_id}"]
    assert "ETag" in read["get"]["responses"]["200"]["headers"]
    assert "ETag" in read["get"]["responses"]["304"]["headers"]
    assert "If-None-Match" in taken(document, read["get"])
    assert "If-Match" in taken(document, read["patch"])
    assert "412" in read["patch"]["responses"]
    made = document["paths"]["/api/v1/courses"]
    assert "Location" in made["post"]["responses"]["201"]["headers"]
    assert "Link" in made["get"]["responses"]["200"]["headers"]


def test_conditions_of_a_download_are_headers(document: dict[str, Any]) -> None:
    download = document["paths"]["/api/v1/files/{file_id}/content"]["get"]
    assert {"Range", "If-Range", "If-None-Match"} <= taken(document, download)
    assert "conditions" not in [each.get("name") for each in download["parameters"]]
    assert {"200", "206", "304", "412", "416"} <= download["responses"].keys()


def test_money_needs_its_key(document: dict[str, Any]) -> None:
    required = document["components"]["parameters"]["Idempotency-Key"]["required"]
    assert required
    assert "Idempotency-Key" in taken(document, document["paths"]["/api/v1/payouts"]["post"])
