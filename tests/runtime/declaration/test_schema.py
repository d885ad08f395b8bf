"""The published JSON Schemas: up to date, and as generous as the loader."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from pydantic import BaseModel

from colonnade_runtime.declaration import platform_schema, tenant_schema
from colonnade_runtime.declaration.schema import as_text
from tests.runtime.declaration.site import PLATFORM, TENANT, Site

ROOT = Path(__file__).parents[3]


class CourseConfig(BaseModel):
    seats: int = 10
    inner: "Inner | None" = None


class Inner(BaseModel):
    depth: int


def errors(schema: dict[str, Any], text: str) -> list[str]:
    validator = jsonschema_rs.validator_for(schema)
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("name", ["platform", "tenant"])
def test_the_published_schema_is_the_one_of_the_code(name: str) -> None:
    current = platform_schema() if name == "platform" else tenant_schema()
    published = (ROOT / f"docs/reference/{name}.schema.json").read_text(encoding="utf-8")
    assert published == as_text(current), "run `make schemas` and commit docs/reference/"


@pytest.mark.parametrize("path", ["platform.yaml", "tenants/acme.yaml", "tenants/globex.yaml"])
def test_the_demo_files_fit_and_name_their_schema(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    schema = platform_schema() if path == "platform.yaml" else tenant_schema()
    assert errors(schema, text) == []
    reference = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (ROOT / path).parent.joinpath(reference).is_file()


PLATFORM_EXTRAS = [
    "plugins: [a, b]",
    "plugins: {a: {}, b: }",
    "plugins:",
    "bus: nats://h",
    "bus: {url: 'nats://h', password: {secret: 'env:X'}}",
    "policy: opa+http://h",
    "policy: {engine: 'opa+http://h'}",
    "policy: {engine: {url: 'opa+http://h'}}",
    "stores: {default: 'sqlite:x', course: {sql: 'sqlite:y', blobs: {url: 'file:z'}}}",
    "gateway: {port: 0, docs: false, max_body: 2MiB, timeout: 1.5s}",
    "gateway:",
    "gateway: {port: }",
    "logging: {level: '${LEVEL}', access: false}",
    "shutdown: {total: '${TOTAL:-20s}'}",
]


@pytest.mark.parametrize("extra", PLATFORM_EXTRAS)
def test_what_the_loader_accepts_of_a_platform_fits_the_schema(site: Site, extra: str) -> None:
    site.environ.update(LEVEL="debug")
    site.write(PLATFORM + extra + "\n")
    assert site.sentences() == []
    assert errors(platform_schema(), PLATFORM + extra) == []


def test_a_variable_in_place_of_a_number_fits_the_schema(site: Site) -> None:
    site.environ.update(PORT="1", ON="true")
    text = PLATFORM + "gateway:\n  port: ${PORT}\n  docs: ${ON}\n"
    site.write(text)
    assert site.sentences() == []
    assert errors(platform_schema(), text) == []


@pytest.mark.parametrize(
    "extra",
    [
        "status: suspended",
        "status: ${STATUS}",
        "domains:",
        "domains: [a.example]",
        "branding: {primary_color: '#fff', title: }",
        "services: {course: , user: {enabled: false}}",
        "policy: {deny: [{action: course.publish, roles: [instructor]}]}",
    ],
)
def test_what_the_loader_accepts_of_a_tenant_fits_the_schema(site: Site, extra: str) -> None:
    site.environ["STATUS"] = "active"
    site.tenant("acme", extra + "\n")
    assert site.sentences() == []
    assert errors(tenant_schema(), TENANT.format(id="acme") + extra) == []


@pytest.mark.parametrize(
    "extra",
    ["gatewy: {}", "gateway: {port: x}", "gateway: {prot: 1}", "services: {user: {timeout: 5}}",
     "logging: {level: warn}", "bus: {password: x, url: 'a:'}"],
)  # fmt: skip
def test_common_mistakes_do_not_fit_the_schema(extra: str) -> None:
    assert errors(platform_schema(), "version: 1\nenvironment: development\n" + extra)


def test_models_of_plugins_describe_config_in_the_schema() -> None:
    schema = platform_schema({"course": CourseConfig})
    base = "version: 1\nenvironment: development\nservices: {course: {config: %s}}"
    assert errors(schema, base % "{seats: 3, inner: {depth: 1}}") == []
    assert errors(schema, base % "{seats: x}")
    assert errors(schema, base % "{inner: {depth: x}}")
