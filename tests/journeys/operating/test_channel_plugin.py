"""A third party's channel, that of the page for plugin authors, on a platform that enables it."""

import asyncio
import importlib.util
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from colonnade_runtime.testing.platform import running_platform
from tests.journeys.support.academy import ROOT, sign_in

EXAMPLE = ROOT / "docs/plugin-authors/examples/text_messages.py"
ADA = {"email": "ada@learners.example", "password": "a password for Ada", "name": "Ada"}


@pytest.fixture
def text_messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("text_messages", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["text_messages"] = module
    spec.loader.exec_module(module)
    return module


class Provider:
    """Takes text messages; busy the first time it hears of one."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        token = head.split("authorization: ")[1].split("\r\n")[0]
        message = json.loads(await reader.readexactly(length))
        known = message in [earlier for _, earlier in self.got]
        self.got.append((token, message))
        status = "202 Accepted" if known else "503 Busy"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    async def gets(self, person: str, count: int) -> list[tuple[str, Any]]:
        """What it got for somebody, as soon as that is so much."""
        async with asyncio.timeout(30):
            while len(found := [one for one in self.got if one[1]["to"] == person]) < count:
                await asyncio.sleep(0.02)
        return found


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


@pytest.mark.journey
async def test_people_are_reached_by_a_channel_that_a_plugin_brings(
    declaration: Path,
    monkeypatch: pytest.MonkeyPatch,
    text_messages: ModuleType,
    provider: Provider,
) -> None:
    monkeypatch.setenv("TEXT_MESSAGES_TOKEN", "swordfish")
    with declaration.open("a") as file:
        file.write(
            "\nplugins:\n  text-messages:\n    config:\n"
            f"      url: http://127.0.0.1:{provider.port}/\n"
            "      token: {secret: env:TEXT_MESSAGES_TOKEN}\n"
        )
    settings = ["services.notification.config.retry.first=100ms"]
    async with running_platform(
        declaration, settings=settings, plugins=[text_messages]
    ) as platform:
        async with platform.client("acme") as visitor:
            registered = await visitor.post("/auth/register", json=ADA)
            assert registered.status_code == 201
            (token, first), (_, second) = await provider.gets(registered.json()["id"], 2)
        async with await sign_in(platform.url, "acme", ADA["email"], ADA["password"]) as ada:
            chosen = (await ada.get("/notifications/preferences")).json()["channels"]
    assert token == "bearer swordfish"
    assert first == second
    port = urlsplit(platform.url).port
    assert first["text"] == f"Welcome to Acme Academy http://acme.localhost:{port}/"
    assert chosen["text"]["account"] == "immediately"
