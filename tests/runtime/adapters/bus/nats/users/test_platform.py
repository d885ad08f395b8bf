"""The whole platform with the permissions that are printed for it: nothing it does is refused."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from colonnade.events import reactions_of
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.cli import main
from colonnade_runtime.cli.nats import needs_of
from colonnade_runtime.testing.platform import running_platform
from colonnade_runtime.testing.servers import RunningServer
from tests.runtime.adapters.bus.nats.users.guarded import ROOT

PLATFORM = """\
version: 1
environment: development
services: {user: , course: , content: , payment: , analytics: , notification: }
bus:
  url: nats://{process}@127.0.0.1:%(port)s
  password: {secret: env:NATS_PASSWORD}
  administrator: {secret: env:NATS_PASSWORD_ADMINISTRATOR}
tenants: {watch: false}
"""

pytestmark = pytest.mark.server


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A platform of all services in one process, whose server is not started yet."""
    for folder in ("tenants", "policies"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", "a password for the owner")
    for variable in ("NATS_PASSWORD", "NATS_PASSWORD_MAIN"):
        monkeypatch.setenv(variable, "of-main")
    monkeypatch.setenv("NATS_PASSWORD_ADMINISTRATOR", "of-administrator")
    path = tmp_path / "platform.yaml"
    path.write_text(PLATFORM % {"port": 4222}, "utf-8")
    return path


async def test_all_services_start_and_every_reaction_has_its_consumer(
    site: Path, start_server: Callable[..., RunningServer]
) -> None:
    run = CliRunner().invoke
    printed = await asyncio.to_thread(run, main, ["--platform", str(site), "nats", "permissions"])
    configuration = site.with_name("nats-server.conf")
    configuration.write_text(printed.stdout, "utf-8")
    server = start_server("nats", "--config", str(configuration))
    site.write_text(PLATFORM % {"port": server.port}, "utf-8")
    with structlog.testing.capture_logs() as logged:
        async with running_platform(site) as running:
            bus = running.runtime.bus
            assert isinstance(bus, NatsBus)
            assert await bus.check() is None
            expected = _reactions(site)
            assert {each.consumer.name for each in bus.consumers} == expected
            assert not any(each.broken for each in bus.consumers)
    assert not [line for line in logged if "permissions violation" in str(line).lower()]


def _reactions(site: Path) -> set[str]:
    """The consumers that the printed permissions are for."""
    declared = read_declaration(site)
    [needs] = needs_of(declared.loaded.platform, declared.plugins)
    return {name for name, _ in needs.hears}


def test_reactions_of_methods_that_were_set_on_a_class_are_found_as_well() -> None:
    """Reactions of analytics are such."""
    from colonnade_analytics import plugin
    from colonnade_analytics.reactions import CONSUMED, EventReactions
    from colonnade_runtime.background.events.declared_reactions import declared_reactions

    bound = reactions_of([object.__new__(EventReactions)])
    assert len(bound) == len(CONSUMED)
    assert {each.name for each in bound} <= declared_reactions(plugin).keys()
