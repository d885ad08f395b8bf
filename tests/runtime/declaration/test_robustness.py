"""Whatever a file holds, loading ends with a platform or with problems."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from colonnade_runtime.declaration import (
    DeclarationError,
    load_platform,
    load_platform_outline,
    platform_rows,
)


class Config(BaseModel):
    seats: int = 1
    names: list[str] = []
    nested: "dict[str, Config] | None" = None


WORDS = [
    "user", "course", "main", "default", "plugin", "enabled", "timeout", "config", "seats",
    "nested", "names", "services", "replicas", "gateway", "host", "port", "url", "password",
    "secret", "sql", "engine", "folder", "level", "total", "drain", "domain", "trusted_proxies",
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([*WORDS, "5s", "0s", "memory:", "env:X", "${X}", "${GONE}", "$", "a.b", ""])
    | st.text(max_size=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=10,
)
KEYS = [
    "version", "environment", "services", "plugins", "processes", "stores", "bus", "policy",
    "gateway", "tenants", "logging", "shutdown", "other",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    (root / "tenants").mkdir()
    (root / "policies").mkdir()
    return root


def load(path: Path) -> None:
    models = {"user": Config, "course": Config}
    try:
        load_platform_outline(path, environ={"X": "1"})
        loaded = load_platform(path, environ={"X": "1"}, config_models=models)
    except DeclarationError as error:
        assert error.problems
        return
    assert platform_rows(loaded)


@given(data=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
def test_no_value_of_any_key_makes_loading_fail_in_another_way(
    folder: Path, data: dict[str, object]
) -> None:
    path = folder / "platform.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "environment": "development", **data}))
    load(path)


@given(data=st.binary(max_size=200))
def test_no_bytes_make_loading_fail_in_another_way(folder: Path, data: bytes) -> None:
    path = folder / "platform.yaml"
    path.write_bytes(b"version: 1\nenvironment: development\n" + data)
    load(path)


@given(setting=st.text(max_size=30))
def test_no_setting_makes_loading_fail_in_another_way(folder: Path, setting: str) -> None:
    path = folder / "platform.yaml"
    path.write_text("version: 1\nenvironment: development\n")
    try:
        load_platform(path, environ={}, settings=[setting])
    except DeclarationError as error:
        assert all("--set #1" in str(problem) for problem in error.problems)
