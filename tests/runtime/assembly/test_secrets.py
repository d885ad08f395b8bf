"""Secrets are a stage: all are looked up, or all that are missing are named at their places."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from small_site import make_plugin, make_site, runtime_of, started

from colonnade.context import Context, Principal, use_context
from colonnade.errors import ConfigurationError
from colonnade.secrets import SecretReference, SecretUnavailable
from colonnade.services import ServiceContext
from colonnade_runtime.declaration import DeclarationError


class Config(BaseModel):
    key: SecretReference | None = None
    others: list[SecretReference] = []


def paying_service(seen: list[ServiceContext], **hooks: Any) -> Any:
    @asynccontextmanager
    async def running(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        seen.append(ctx)
        yield ()

    return make_plugin(
        "shop",
        "shop",
        create_service=lambda ctx: running(ctx),
        config_model=lambda: Config,
        tenant_config_model=lambda: Config,
        **hooks,
    )


SERVICE = "services: {shop: {config: {key: {secret: env:SHOP_KEY}}}}\n"
PRODUCTION = """\
gateway: {host: 127.0.0.1, domain: learn.example, health: {port: 0}}
stores: {default: {sql: "sqlite:var/data", blobs: "file:var/blobs"}}
bus: "memory:"
"""


async def test_a_service_gets_the_secret_that_its_configuration_refers_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "sk_live_1")
    seen: list[ServiceContext] = []
    async with started(runtime_of(make_site(tmp_path, SERVICE), paying_service(seen))):
        [ctx] = seen
        assert isinstance(ctx.config, Config)
        assert ctx.config.key is not None
        secret = ctx.secret(ctx.config.key)
        assert secret.reveal() == "sk_live_1"
        assert "sk_live_1" not in f"{secret} {secret!r} {ctx!r}"


async def test_a_tenants_secret_is_another_than_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[ServiceContext] = []
    tenants = {}
    for name in ("acme", "globex"):
        monkeypatch.setenv(f"{name.upper()}_KEY", f"of {name}")
        tenants[name] = (
            f"services: {{shop: {{config: {{key: {{secret: env:{name.upper()}_KEY}}}}}}}}"
        )
    platform = make_site(tmp_path, "services: {shop: }\n", **tenants)
    async with started(runtime_of(platform, paying_service(seen))):
        for name in tenants:
            with use_context(Context(name, Principal.service("shop"), 2e9, "request-1")):
                config = seen[0].tenant_config()
            assert isinstance(config, Config)
            assert config.key is not None
            assert seen[0].secret(config.key).reveal() == f"of {name}"


async def test_in_development_a_missing_secret_is_an_error_when_it_is_used(tmp_path: Path) -> None:
    seen: list[ServiceContext] = []
    async with started(runtime_of(make_site(tmp_path, SERVICE), paying_service(seen))):
        assert isinstance(seen[0].config, Config)
        assert seen[0].config.key is not None
        with pytest.raises(SecretUnavailable, match="SHOP_KEY is not set"):
            seen[0].secret(seen[0].config.key)


async def test_in_production_every_missing_secret_is_named_at_its_place(tmp_path: Path) -> None:
    platform = make_site(tmp_path, PRODUCTION + SERVICE)
    platform.write_text(platform.read_text().replace("development", "production"))
    (tmp_path / "tenants" / "globex.yaml").unlink()
    acme = tmp_path / "tenants" / "acme.yaml"
    owner = "{email: owner@acme.example, password: {secret: file:/nowhere/at-all}}"
    acme.write_text(acme.read_text().replace("{email: owner@acme.example}", owner))
    runtime = runtime_of(platform, paying_service([]))
    with pytest.raises(DeclarationError) as caught:
        await runtime.start()
    found = [(Path(problem.file).name, problem.path) for problem in caught.value.problems]
    assert sorted(found) == [
        ("acme.yaml", "owner.password"),
        ("platform.yaml", "services.shop.config.key"),
    ]
    assert all(problem.line and problem.column for problem in caught.value.problems)


async def test_a_scheme_that_nobody_resolves_is_refused_in_every_environment(
    tmp_path: Path,
) -> None:
    platform = make_site(tmp_path, SERVICE.replace("env:", "vault:"))
    with pytest.raises(DeclarationError, match=r"platform.yaml:3:\d+: .*known: env, file"):
        await runtime_of(platform, paying_service([])).start()


async def test_a_plugin_may_bring_a_resolver(tmp_path: Path) -> None:
    seen: list[ServiceContext] = []
    plugin = paying_service(seen, secret_resolvers=lambda: {"vault": lambda place: place[::-1]})
    platform = make_site(tmp_path, SERVICE.replace("env:", "vault:"))
    async with started(runtime_of(platform, plugin)):
        assert isinstance(seen[0].config, Config)
        assert seen[0].config.key is not None
        assert seen[0].secret(seen[0].config.key).reveal() == "YEK_POHS"


async def test_a_resolver_that_breaks_does_not_tell_what_it_read(tmp_path: Path) -> None:
    def broken(place: str) -> str:
        raise ValueError("the key is sk_live_1")

    seen: list[ServiceContext] = []
    plugin = paying_service(seen, secret_resolvers=lambda: {"vault": broken})
    platform = make_site(tmp_path, SERVICE.replace("env:", "vault:"))
    async with started(runtime_of(platform, plugin)):
        assert isinstance(seen[0].config, Config)
        assert seen[0].config.key is not None
        with pytest.raises(ConfigurationError, match="failed with ValueError") as caught:
            seen[0].secret(seen[0].config.key)
    assert "sk_live_1" not in str(caught.value)


async def test_a_reload_looks_up_the_secrets_of_new_tenants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[ServiceContext] = []
    platform = make_site(tmp_path, "services: {shop: }\n")
    async with started(runtime_of(platform, paying_service(seen))) as runtime:
        monkeypatch.setenv("INITECH_KEY", "stapler")
        more = "services: {shop: {config: {key: {secret: env:INITECH_KEY}}}}\n"
        make_site(tmp_path, "services: {shop: }\n", initech=more)
        assert await runtime.reloader.reload()
        with use_context(Context("initech", Principal.service("shop"), 2e9, "request-1")):
            config = seen[0].tenant_config()
        assert isinstance(config, Config)
        assert config.key is not None
        assert seen[0].secret(config.key).reveal() == "stapler"
