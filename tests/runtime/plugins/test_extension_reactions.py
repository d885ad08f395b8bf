"""Reactions that other plugins bring a service by a hook which it owns."""

import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

sys.path.append(str(Path(__file__).parents[1] / "assembly" / "support"))

from small_site import make_plugin, make_site

from colonnade.events import Event, event, reacts_to
from colonnade.hookspecs import hookspec
from colonnade.services import ServiceContext
from colonnade_runtime.assembly.declared import Declared, read_declaration
from colonnade_runtime.cli.nats import needs_of
from colonnade_runtime.plugins.plugin import PluginError


@event("bell", key="bell_id")
class Rang(Event):
    """A bell rang."""

    bell_id: UUID


class Hooks:
    @hookspec
    def heard_events(self) -> Sequence[type[Event]]:  # type: ignore[empty-body]
        """Events that the ear listens to."""


class Ear:
    @reacts_to(Rang)
    async def rang(self, rang: Rang) -> None:
        """Hear it."""


def ear_plugin() -> ModuleType:
    @asynccontextmanager
    async def service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        yield [Ear()]

    def extension_reactions(
        answers: Callable[[str], Sequence[Any]],
    ) -> Mapping[str, type[Event]]:
        [[heard]] = answers("heard_events")
        return {"Ear.rang": heard}

    return make_plugin(
        "ear",
        "ear",
        create_service=service,
        add_hookspecs=lambda: [Hooks],
        extension_reactions=extension_reactions,
    )


def declared_with(folder: Path, heard: Callable[[], Any]) -> Declared:
    site = make_site(folder, "services: {ear: }\nplugins: {bell: }\n")
    bell = make_plugin("bell", implements=("ear",), heard_events=heard)
    return read_declaration(site, extra=[ear_plugin(), bell])


def test_a_service_reacts_to_what_its_hooks_bring(tmp_path: Path) -> None:
    declared = declared_with(tmp_path, lambda: [Rang])
    assert declared.plugins.extension_reactions("ear") == {"Ear.rang": Rang}


def test_a_broker_knows_them_before_any_process_starts(tmp_path: Path) -> None:
    pytest.importorskip("nats")
    declared = declared_with(tmp_path, lambda: [Rang])
    [needs] = needs_of(declared.loaded.platform, declared.plugins)
    assert list(needs.hears) == [("ear:Ear.rang", "colonnade.bell.Rang.v1")]


def test_a_plugin_that_breaks_is_named(tmp_path: Path) -> None:
    def broken() -> Any:
        raise RuntimeError("The bell is cracked.")

    declared = declared_with(tmp_path, broken)
    with pytest.raises(PluginError, match=r"plugin 'bell'.*heard_events raised.*cracked"):
        declared.plugins.extension_reactions("ear")
