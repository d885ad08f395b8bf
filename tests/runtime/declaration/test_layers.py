"""Overlays, `COLONNADE_ENVIRONMENT` and `--set`: which value holds, and where it came from."""

import pytest

from colonnade_runtime.declaration import Row, platform_rows, tenant_rows
from tests.runtime.declaration.site import PLATFORM, Site


def row(site: Site, path: str, **arguments: object) -> Row:
    return {row.path: row for row in platform_rows(site.load(**arguments))}[path]


def origin(site: Site, path: str, **arguments: object) -> str:
    return str(row(site, path, **arguments).origin).replace(f"{site.root}/", "")


def test_a_default_holds_when_nobody_says_a_value(site: Site) -> None:
    assert row(site, "gateway.port").value == 8000
    assert origin(site, "gateway.port") == "default"


def test_the_file_wins_over_a_default(site: Site) -> None:
    site.write(PLATFORM + "gateway: {port: 1}\n")
    assert row(site, "gateway.port").value == 1
    assert origin(site, "gateway.port") == "platform.yaml:7:17"


def test_the_overlay_of_the_environment_wins_over_the_file(site: Site) -> None:
    site.write(PLATFORM + "gateway: {port: 1, domain: a.example}\n")
    site.write("gateway: {port: 2}", "platform.development.yaml")
    site.write("gateway: {port: 3}", "platform.production.yaml")
    assert row(site, "gateway.port").value == 2
    assert row(site, "gateway.domain").value == "a.example"
    assert origin(site, "gateway.port") == "platform.development.yaml:1:17"
    assert row(site, "gateway.port").origin.kind == "overlay"


def test_a_setting_wins_over_the_overlay_and_a_later_one_over_an_earlier(site: Site) -> None:
    site.write("gateway: {port: 2}", "platform.development.yaml")
    settings = ["gateway.port=3", "gateway.port=4"]
    assert row(site, "gateway.port", settings=settings).value == 4
    assert origin(site, "gateway.port", settings=settings) == "--set #2"


def test_the_environment_variable_chooses_the_environment_and_its_overlay(site: Site) -> None:
    site.environ["COLONNADE_ENVIRONMENT"] = "production"
    site.write(
        "gateway: {host: 0.0.0.0, domain: learn.example, health: {port: 9000}}\n"
        "stores: {default: {sql: 'sqlite:d', blobs: 'file:b'}}\nbus: 'memory:'\n",
        "platform.production.yaml",
    )
    assert site.load().platform.is_production
    assert origin(site, "environment") == "COLONNADE_ENVIRONMENT"
    assert origin(site, "gateway.host") == "platform.production.yaml:1:17"


def test_a_setting_chooses_the_environment_over_the_variable(site: Site) -> None:
    site.environ["COLONNADE_ENVIRONMENT"] = "production"
    assert site.load(settings=["environment=development"]).platform.environment == "development"


def test_an_unknown_environment_in_the_variable_is_an_error_that_names_it(site: Site) -> None:
    site.environ["COLONNADE_ENVIRONMENT"] = "produktion"
    assert site.sentences() == [
        "COLONNADE_ENVIRONMENT: environment: must be 'development' or 'production'"
        " (did you mean 'production'?)"
    ]


def test_an_overlay_cannot_set_the_environment(site: Site) -> None:
    site.write("environment: production\n", "platform.development.yaml")
    assert site.sentences() == [
        "platform.development.yaml:1:1: environment: an overlay is chosen by the environment and"
        " cannot set it; remove the key"
    ]


def test_a_broken_overlay_does_not_hide_the_mistakes_of_the_file(site: Site) -> None:
    site.write(PLATFORM + "gateway: {port: x}\n")
    site.write("a: [", "platform.development.yaml")
    found = [line.split(":")[0] for line in site.sentences()]
    assert found == ["platform.development.yaml", "platform.yaml"]


def test_a_mistake_in_an_overlay_stands_at_the_line_of_the_overlay(site: Site) -> None:
    site.write("\ngateway: {prot: 2}", "platform.development.yaml")
    assert site.sentences() == [
        "platform.development.yaml:2:11: gateway.prot: unknown key (did you mean 'port'?)"
    ]


def test_a_list_is_replaced_whole(site: Site) -> None:
    site.write(PLATFORM + "gateway: {trusted_proxies: [10.0.0.0/8, 10.1.0.0/16]}\n")
    site.write("gateway: {trusted_proxies: [192.168.0.0/16]}", "platform.development.yaml")
    proxies = site.load().platform.gateway.trusted_proxies
    assert [str(network) for network in proxies] == ["192.168.0.0/16"]


def test_a_merge_leaves_the_other_users_of_an_anchor_alone(site: Site) -> None:
    site.write(
        "version: 1\nenvironment: development\n"
        "services:\n  user: &one {timeout: 1s}\n  course: *one\n"
    )
    loaded = site.load(settings=["services.user.timeout=2s"]).platform.services
    assert (str(loaded["user"].timeout), str(loaded["course"].timeout)) == ("2s", "1s")


def test_a_variable_that_an_overlay_replaces_is_never_looked_up(site: Site) -> None:
    site.write(PLATFORM + "gateway: {host: '${GONE}'}\n")
    site.write("gateway: {host: 127.0.0.2}", "platform.development.yaml")
    assert site.load().platform.gateway.host == "127.0.0.2"


def test_an_unquoted_variable_gets_its_type_and_its_origin_names_it(site: Site) -> None:
    site.environ["PORT"] = "8123"
    site.write(PLATFORM + "gateway:\n  port: ${PORT}\n")
    assert row(site, "gateway.port").value == 8123
    assert origin(site, "gateway.port") == "platform.yaml:8:9 with PORT"


def test_a_quoted_variable_stays_text(site: Site) -> None:
    site.environ["PORT"] = "8123"
    site.write(PLATFORM + "gateway:\n  port: '${PORT}'\n")
    assert "gateway.port: must be a whole number, not text" in site.sentences()[0]


def test_a_variable_that_is_empty_leaves_the_default(site: Site) -> None:
    site.write(PLATFORM + "gateway:\n  port: ${PORT:-}\n")
    assert site.load().platform.gateway.port == 8000


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("gateway.port", "--set #1: needs the form key.key=value"),
        ("=1", "--set #1: '' is not a path of keys such as a.b"),
        ("gateway..port=1", "--set #1: 'gateway..port' is not a path of keys such as a.b"),
        ("gateway.port=[1", "--set #1: a list or mapping in brackets that is not closed"),
        ("gateway.port=x", "--set #1: gateway.port: must be a whole number, not text"),
        ("gateway.prot=1", "--set #1: gateway.prot: unknown key (did you mean 'port'?)"),
        ("gateway.host=\x00", "--set #1: the character U+0000 cannot stand in YAML; remove it"),
        ("plugins=${GONE}", "--set #1: plugins: the environment variable GONE is not set"),
        ("version.x=1", "--set #1: version: must be a whole number, not a mapping"),
    ],
)  # fmt: skip
def test_a_bad_setting_is_named_by_its_number(site: Site, setting: str, sentence: str) -> None:
    assert site.sentences(settings=[setting]) == [sentence]


def test_a_setting_reads_yaml(site: Site) -> None:
    settings = [
        "gateway={port: 1, docs: false}",
        "logging.access=false",
        "gateway.host=",
        "plugins=[a]",
    ]
    platform = site.load(settings=settings).platform
    assert (platform.gateway.port, platform.gateway.docs, platform.logging.access) == (1, False, 0)
    assert platform.gateway.host == "127.0.0.1"
    assert list(platform.plugins) == ["a"]


def test_a_short_form_is_the_origin_of_what_it_stands_for_only(site: Site) -> None:
    site.write(PLATFORM + "policy: opa+http://h\n")
    assert origin(site, "policy.engine.url") == "platform.yaml:7:9"
    assert origin(site, "policy.folder") == "default"


def test_rows_mask_secrets(site: Site) -> None:
    site.write(PLATFORM + "bus: {url: 'nats://h', password: {secret: 'env:BUS_PASSWORD'}}\n")
    printed = "\n".join(map(str, platform_rows(site.load())))
    assert 'bus.password: "********"' in printed
    assert "BUS_PASSWORD" not in printed


def test_rows_of_a_tenant_name_their_lines(site: Site) -> None:
    site.tenant("acme", "locale: de\n")
    rows = {row.path: row for row in tenant_rows(site.load(), "acme")}
    assert rows["locale"].value == "de"
    assert str(rows["locale"].origin).endswith("tenants/acme.yaml:6:9")
    assert str(rows["timezone"].origin) == "default"


def test_the_digest_changes_with_the_declaration_and_with_nothing_else(site: Site) -> None:
    site.environ["PORT"] = "1"
    site.write(PLATFORM + "gateway:\n  port: ${PORT}\n")
    before = site.load().digest
    assert site.load().digest == before
    site.environ["PORT"] = "2"
    with_other_port = site.load().digest
    site.tenant("acme")
    with_tenant = site.load().digest
    assert len({before, with_other_port, with_tenant}) == 3
