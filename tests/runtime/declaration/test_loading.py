"""What a valid platform gives to whoever loads it."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from colonnade.secrets import SecretReference
from colonnade_runtime.declaration import DeclarationError, load_platform_outline
from tests.runtime.declaration.site import PLATFORM, Site


class Badges(BaseModel):
    colour: str = "gold"


def test_the_least_platform_has_every_default(site: Site) -> None:
    site.write("version: 1\nenvironment: development\n")
    platform = site.load().platform
    assert (platform.gateway.host, platform.gateway.port) == ("127.0.0.1", 8000)
    assert (platform.bus.url, platform.policy.engine.url) == ("memory:", "embedded:")
    assert (platform.shutdown.total, platform.shutdown.drain) == (20, 10)
    assert platform.placement() == {}


def test_without_processes_everything_runs_in_main(site: Site) -> None:
    placement = site.load().platform.placement()
    assert {name: process.services for name, process in placement.items()} == {
        "main": ("user", "course", "content")
    }


def test_processes_place_services(site: Site) -> None:
    site.write(
        PLATFORM + "bus: nats://h\nprocesses:\n  people: {services: [user]}\n"
        "  learning: {services: [course, content], replicas: 2, gateway: {port: 8001}}\n"
    )
    placement = site.load().platform.placement()
    assert placement["people"].services == ("user",)
    assert placement["learning"].replicas == 2
    assert (placement["learning"].gateway.host, placement["learning"].gateway.port) == (None, 8001)


def test_a_service_takes_from_the_default_stores_what_it_does_not_say(site: Site) -> None:
    site.write(
        PLATFORM + "stores:\n  default: {sql: 'sqlite:a', blobs: 'file:b'}\n"
        "  content: {blobs: 's3://bucket', documents: 'documents:h'}\n  course: file:c\n"
    )
    platform = site.load().platform
    assert str(platform.store_of("user").sql) == "sqlite:a"
    assert str(platform.store_of("content").sql) == "sqlite:a"
    assert str(platform.store_of("content").blobs) == "s3://bucket"
    assert str(platform.store_of("content").documents) == "documents:h"
    assert str(platform.store_of("course").blobs) == "file:c"


def test_a_platform_without_stores_keeps_data_under_var(site: Site) -> None:
    store = site.load().platform.store_of("user")
    assert (str(store.sql), str(store.blobs)) == ("sqlite:var/data", "file:var/blobs")


def test_an_address_with_a_password_keeps_it_as_a_reference(site: Site) -> None:
    site.write(PLATFORM + "bus: {url: 'nats://me@h', password: {secret: 'file:/run/bus'}}\n")
    bus = site.load().platform.bus
    assert (bus.scheme, bus.password) == ("nats", SecretReference("file", "/run/bus"))


def test_extensions_come_as_a_list_or_with_their_config(site: Site) -> None:
    site.write(PLATFORM + "plugins: [badges]\n")
    loaded = site.load(extension_config_models={"badges": Badges})
    assert loaded.extension_config_of("badges") == Badges()
    site.write(PLATFORM + "plugins: {badges: {config: {colour: blue}}}\n")
    loaded = site.load(extension_config_models={"badges": Badges})
    assert loaded.extension_config_of("badges") == Badges(colour="blue")


def test_every_file_that_was_read_is_named_for_watching(site: Site) -> None:
    site.write("{}", "platform.development.yaml")
    site.tenant("acme")
    names = [path.relative_to(site.root).as_posix() for path in site.load().files]
    assert names == ["platform.yaml", "platform.development.yaml", "tenants/acme.yaml"]


def test_a_later_check_can_point_at_a_line(site: Site) -> None:
    site.write(PLATFORM + "stores:\n  default:\n    sql: sqlit:var\n")
    problem = site.load().origins.problem(
        ("stores", "default", "sql", "url"), "no adapter has the scheme 'sqlit'", "sqlite"
    )
    assert str(problem).removeprefix(f"{site.root}/") == (
        "platform.yaml:9:10: stores.default.sql: no adapter has the scheme 'sqlit'"
        " (did you mean 'sqlite'?)"
    )


def test_the_outline_says_which_plugins_are_wanted(site: Site) -> None:
    site.write(
        PLATFORM.replace("  course:", "  course: {plugin: acme-course}").replace(
            "  content:", "  content: {enabled: false}"
        )
        + "plugins: [badges]\n"
    )
    outline = load_platform_outline(site.platform, settings=["services.quiz={}"], environ={})
    assert [(service.name, service.plugin, service.enabled) for service in outline.services] == [
        ("user", "user", True),
        ("course", "acme-course", True),
        ("content", "content", False),
        ("quiz", "quiz", True),
    ]
    assert outline.extensions == ("badges",)
    assert outline.enabled_services == ("user", "course", "quiz")


@pytest.mark.parametrize(
    "text",
    ["services: 3", "services: [a]", "services: {a: 3, b: {enabled: maybe, plugin: [x]}}",
     "plugins: 3", "gateway: x", "tenants: [x]", "policy: {folder: 3}", "environment: {a: b}"],
)  # fmt: skip
def test_the_outline_passes_over_what_is_malformed(site: Site, text: str) -> None:
    site.write(text)
    outline = load_platform_outline(site.platform, environ={})
    assert "a" not in outline.enabled_services
    assert site.problems()


def test_the_outline_of_a_file_that_is_not_yaml_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text("a: [")
    with pytest.raises(DeclarationError, match=r"platform\.yaml:1:4: a list or mapping in"):
        load_platform_outline(path, environ={})
