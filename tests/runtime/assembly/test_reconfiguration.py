"""Every key of `platform.yaml` is taken up by a reload, or named as waiting for a restart."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from colonnade_runtime.assembly.reconfiguration import BY_MEMBER, TAKEN_UP, restart_keys
from colonnade_runtime.declaration.model.address import Address
from colonnade_runtime.declaration.model.platform import Platform, ServiceSection
from colonnade_runtime.gateway import reconfiguration as front

PLATFORM = Platform(version=1, environment="development", services={"shop": ServiceSection()})


def keys_of(section: BaseModel, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel) and not isinstance(value, Address):
            yield from keys_of(value, (*prefix, name))
        else:
            yield (*prefix, name)


def changed(section: BaseModel, path: tuple[str, ...]) -> Any:
    name, *rest = path
    value = changed(getattr(section, name), tuple(rest)) if rest else object()
    return section.model_copy(update={name: value})


KEYS = [key for key in keys_of(PLATFORM) if key[0] not in BY_MEMBER]


def test_keys_that_are_taken_up_are_keys() -> None:
    found = {".".join(key) for key in KEYS}
    assert found >= TAKEN_UP
    assert found >= front.TAKEN_UP


@pytest.mark.parametrize("key", KEYS, ids=".".join)
def test_a_changed_key_is_taken_up_or_named(key: tuple[str, ...]) -> None:
    name = ".".join(key)
    named = list(restart_keys(PLATFORM, changed(PLATFORM, key)))
    assert named == ([] if name in TAKEN_UP else [name])


@pytest.mark.parametrize("key", KEYS, ids=".".join)
def test_a_changed_key_is_taken_up_or_named_by_the_process_in_front_or_those_behind(
    key: tuple[str, ...],
) -> None:
    name, after = ".".join(key), changed(PLATFORM, key)
    named = list(front.restart_keys(PLATFORM, after))
    if name in front.TAKEN_UP:
        assert named == []
    elif named != [name]:
        assert named == []
        assert name in TAKEN_UP or list(restart_keys(PLATFORM, after)) == [name]


@pytest.mark.parametrize("key", [name for name in ServiceSection.model_fields if name != "config"])
def test_a_service_that_is_declared_otherwise_is_named(key: str) -> None:
    service = changed(PLATFORM.services["shop"], (key,))
    after = PLATFORM.model_copy(update={"services": {"shop": service}})
    assert list(restart_keys(PLATFORM, after)) == ["services.shop"]
    assert list(front.restart_keys(PLATFORM, after)) == ["services.shop"]
