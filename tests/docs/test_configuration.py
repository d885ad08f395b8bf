"""The configuration reference names every key, and its examples load."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, JsonValue, RootModel

from colonnade_runtime.declaration import Platform, Tenant, load_platform

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs/operators/configuration.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```yaml (platform|tenant)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
VARIABLE = re.compile(r"\$\{(\w+)\}")

BASE = {
    "version": 1,
    "environment": "development",
    "services": {"user": None, "course": None, "content": None},
}
# A tenant's block may speak of any service; a platform's enables what it speaks of.
BASE_OF_TENANTS = BASE | {
    "services": dict.fromkeys(["user", "course", "content", "notification", "payment", "analytics"])
}
TENANT = {
    "version": 1,
    "id": "acme",
    "name": "Acme Academy",
    "owner": {"email": "owner@acme.example"},
    "currency": "EUR",
}


class AnyConfig(RootModel[dict[str, JsonValue]]):
    """Takes whatever a page shows: the pages of plugins check their own keys."""

    root: dict[str, JsonValue] = {}


ANY_SERVICE = dict.fromkeys(
    ["user", "course", "content", "notification", "payment", "analytics"], AnyConfig
)


def keys(annotation: Any, path: str = "") -> Iterator[str]:
    """Every key below `annotation` as the reference writes it; a section of sections has no
    row of its own."""
    for name, field in annotation.model_fields.items():
        here = f"{path}.{name}" if path else name
        section = section_of(field.annotation)
        if section is None:
            yield here
        elif get_origin(field.annotation) is dict:
            yield from keys(section, f"{here}.<name>")
        else:
            yield from keys(section, here)


def section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [section_of(argument) for argument in get_args(annotation)]
    return next((section for section in found if section), None)


@pytest.mark.parametrize("key", [*keys(Platform), *keys(Tenant)])
def test_every_key_has_a_row_in_the_reference(key: str) -> None:
    assert f"| `{key}` |" in REFERENCE


@pytest.mark.parametrize("key", re.findall(r"^\| `([^`]+)` \|", REFERENCE, re.MULTILINE))
def test_every_row_of_the_reference_is_a_key(key: str) -> None:
    known = {*keys(Platform), *keys(Tenant)}
    sections = {".".join(name.split(".")[:depth]) for name in known for depth in (1, 2, 3)}
    assert key in known | sections


def blocks() -> Iterator[Any]:
    for page in PAGES:
        if not page.exists():
            continue
        for number, (kind, text) in enumerate(BLOCK.findall(page.read_text("utf-8")), 1):
            name = f"{page.relative_to(ROOT)}#{number}"
            yield pytest.param(kind, text, id=name)


@pytest.mark.parametrize(("kind", "text"), list(blocks()))
def test_every_marked_block_of_the_documentation_loads(
    tmp_path: Path, kind: str, text: str
) -> None:
    """A block that does not start a whole file is laid over one that does."""
    (tmp_path / "tenants").mkdir()
    (tmp_path / "policies").mkdir()
    is_whole = text.startswith("version:") or "\nversion:" in text
    platform = tmp_path / "platform.yaml"
    base = yaml.safe_dump(BASE if kind == "platform" else BASE_OF_TENANTS)
    platform.write_text(text if kind == "platform" and is_whole else base)
    if kind == "platform" and not is_whole:
        (tmp_path / "platform.development.yaml").write_text(text)
    if kind == "tenant":
        tenant = text if is_whole else yaml.safe_dump({**TENANT, **yaml.safe_load(text)})
        (tmp_path / f"tenants/{yaml.safe_load(tenant)['id']}.yaml").write_text(tenant)
    loaded = load_platform(
        platform,
        environ=dict.fromkeys(VARIABLE.findall(text), "1"),
        config_models=ANY_SERVICE,
        tenant_config_models=ANY_SERVICE,
    )
    assert loaded.platform.version == 1


def test_the_demo_platform_loads_as_it_is() -> None:
    loaded = load_platform(
        ROOT / "platform.yaml",
        environ={},
        config_models=ANY_SERVICE,
        tenant_config_models=ANY_SERVICE,
    )
    assert sorted(loaded.tenants) == ["acme", "globex"]
    assert loaded.platform.environment == "development"
