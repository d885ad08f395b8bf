"""Hooks that services own: who answers, in which order, and with which context."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from small_site import make_plugin, make_site, runtime_of, started

from colonnade.hookspecs import hookspec
from colonnade.secrets import SecretReference
from colonnade.services import ExtensionContext, ServiceContext


class Config(BaseModel):
    key: SecretReference | None = None
    size: int = 1


class Hooks:
    @hookspec
    def providers(self, ctx: ExtensionContext) -> str:  # type: ignore[empty-body]
        """A provider of payments."""

    @hookspec
    def plain(self, number: int) -> int:  # type: ignore[empty-body]
        """A number."""


def owner(answers: list[Any], hook: str, **arguments: Any) -> Any:
    @asynccontextmanager
    async def running(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        answers.extend(ctx.extensions(hook, **arguments))
        answers.append(ctx)
        yield ()

    return make_plugin(
        "shop",
        "shop",
        create_service=lambda ctx: running(ctx),
        add_hookspecs=lambda: [Hooks],
        providers=lambda ctx: ("own", ctx),
        config_model=lambda: Config,
    )


PLATFORM = """\
services: {shop: {config: {size: 7}}}
plugins: {card: {config: {size: 3, key: {secret: env:CARD_KEY}}}}
"""


async def test_a_service_and_an_extension_answer_each_with_a_context_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARD_KEY", "of the card")
    answers: list[Any] = []
    card = make_plugin(
        "card",
        implements=("shop",),
        providers=lambda ctx: ("card", ctx),
        config_model=lambda: Config,
    )
    platform = make_site(tmp_path, PLATFORM)
    async with started(runtime_of(platform, owner(answers, "providers"), card)):
        (own_name, own), (card_name, other), ctx = answers
        assert (own_name, card_name) == ("own", "card")
        assert own is ctx
        assert (own.name, own.config.size) == ("shop", 7)
        assert (other.name, other.config.size) == ("card", 3)
        assert other.secret(other.config.key).reveal() == "of the card"


async def test_a_hook_without_a_context_gets_what_the_service_passes(tmp_path: Path) -> None:
    answers: list[Any] = []
    double = make_plugin("double", implements=("shop",), plain=lambda number: number * 2)
    platform = make_site(tmp_path, "services: {shop: }\nplugins: [double]\n")
    async with started(runtime_of(platform, owner(answers, "plain", number=4), double)):
        assert answers[0] == 8
