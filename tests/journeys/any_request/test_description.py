"""The API's description says what the API does: its headers, its refusals, its parameters."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
import schemathesis
from litestar import Litestar, Router

from colonnade.pagination import SortKey, _encode, _fingerprint
from colonnade_course.models import CourseRow
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.edge.openapi.document import openapi_document
from tests.journeys.support.academy import ROOT

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_OWNER_PASSWORD", "a password for the owner")
        plugins = read_declaration(ROOT / "platform.yaml").plugins
    routes = [route for name in plugins.start_order for route in plugins.services[name].http_routes]
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


def test_every_answer_names_the_headers_that_all_have(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            named = answer.get("headers", {}).keys()
            assert {"X-Request-Id", "Cache-Control", "Vary"} <= named, (path, method, status)


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


def schemas(part: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document that may be a schema."""
    if isinstance(part, dict):
        yield part
        for each in part.values():
            yield from schemas(each)
    elif isinstance(part, list):
        for each in part:
            yield from schemas(each)


def body_of(document: dict[str, Any], path: str, method: str = "post") -> jsonschema_rs.Validator:
    """A validator of what a route takes."""
    content = document["paths"][path][method]["requestBody"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    return jsonschema_rs.validator_for(schema)


COUPON = {"code": "SPRING"}
MONEY = {"amount": 100, "currency": "EUR"}
CONTENT = {"kind": "link", "title": "There"}
EVENT = {"id": str(UUID(int=1)), "name": "a.b", "occurred_at": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [
        ("/api/v1/coupons", COUPON | {"percent": 5}, COUPON),
        ("/api/v1/coupons", COUPON | {"amount": MONEY}, COUPON | {"amount": MONEY, "percent": 5}),
        (
            "/api/v1/coupons",
            COUPON | {"amount": MONEY, "percent": None},
            COUPON | {"amount": MONEY | {"amount": 0}},
        ),
        (
            "/api/v1/coupons",
            COUPON | {"amount": MONEY | {"currency": "XCG"}},
            COUPON | {"amount": MONEY | {"currency": "ANG"}},
        ),
        ("/api/v1/content", CONTENT | {"url": "https://a.example"}, CONTENT),
        ("/api/v1/content", CONTENT | {"url": "https://a.example"}, CONTENT | {"body": "text"}),
        (
            "/api/v1/analytics/events",
            {"events": [EVENT | {"properties": {"a.b": 1}}]},
            {"events": [EVENT | {"properties": {"1": 1}}]},
        ),
        (
            "/api/v1/analytics/events",
            {"events": [EVENT | {"properties": {"a" * 64: 1}}]},
            {"events": [EVENT | {"properties": {"a" * 65: 1}}]},
        ),
    ],
)
def test_bodies_are_told_by_their_rules(
    document: dict[str, Any], path: str, right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    validator = body_of(document, path)
    assert validator.is_valid(right)
    assert not validator.is_valid(wrong)


@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        ("timezone", "Europe/Vienna", "Europe/Wien"),
        ("timezone", None, "localtime"),
        ("locale", "de-AT", "german"),
        ("locale", "zh-Hant-TW", "x"),
        ("channels", {"email": {}}, {"E-Mail": {}}),
        ("channels", {}, None),
    ],
)
def test_choices_are_told_by_what_they_may_be(
    document: dict[str, Any], field: str, right: object, wrong: object
) -> None:
    validator = body_of(document, "/api/v1/notifications/preferences", "patch")
    assert validator.is_valid({field: right})
    assert not validator.is_valid({field: wrong})


def test_parameters_are_text_and_never_null(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for parameter in operation["parameters"]:
            if parameter.get("in") in ("query", "path"):
                assert {"type": "null"} not in list(schemas(parameter)), (path, method)


def test_lengths_are_told_of_what_has_them(document: dict[str, Any]) -> None:
    for schema in schemas(document):
        if schema.get("type") in ("object", "array") and "$ref" not in schema:
            assert "maxLength" not in schema, schema
        if "patternProperties" in schema:
            assert schema.get("additionalProperties") is False, schema


def test_a_cursor_has_the_form_that_is_told(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/courses"]["get"]["parameters"]
    [cursor] = [each["schema"] for each in parameters if each.get("name") == "cursor"]
    columns = [SortKey(CourseRow.folded_title), SortKey(CourseRow.id)]
    for title in ("", "a", "Öl", "\U0001f600" * 200, '"\\'):
        given = _encode(_fingerprint(columns), [title, UUID(int=1)])
        assert jsonschema_rs.is_valid(cursor, given), given


def test_a_condition_is_told_where_there_is_a_version(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert "If-Match" not in taken(document, paths["/api/v1/sessions"]["delete"])
    assert "If-Match" in taken(document, paths["/api/v1/coupons/{coupon_id}"]["delete"])
    assert "412" not in paths["/api/v1/sessions"]["delete"]["responses"]


def test_downloads_and_pages_are_told_as_what_they_are(document: dict[str, Any]) -> None:
    paths = document["paths"]

    def answered(path: str, status: str = "200", method: str = "get") -> set[str]:
        return set(paths[path][method]["responses"][status]["content"])

    assert answered("/api/v1/files/{file_id}/content") == {"*/*"}
    assert answered("/api/v1/reports/{report_id}/content") > {"text/csv", "image/png"}
    assert "text/html" in answered("/api/v1/auth/confirm", "default")
    assert "text/html" in answered("/api/v1/notifications/unsubscribe/{token}", "200", "post")
    redeemed = paths["/api/v1/auth/password-reset/confirm"]["post"]
    assert "application/x-www-form-urlencoded" in redeemed["requestBody"]["content"]
    assert {"200", "204"} <= redeemed["responses"].keys()
