"""Links in mail lead to where the platform listens: with the real command, on the real octets."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.journeys.support.academy import OWNER_PASSWORD, visitor

pytestmark = pytest.mark.slow


async def test_a_port_that_was_free_is_the_one_in_the_links(declaration: Path) -> None:
    """With `gateway.port` 0 and a domain of one's own, nothing but the banner knows the port."""
    settings = ("gateway.port=0", "gateway.domain=academies.localhost", "logging.access=false")
    chosen = [word for each in settings for word in ("--set", each)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "colonnade_runtime", "--platform", str(declaration), *chosen),
        "run",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD},
    )
    try:
        async with asyncio.timeout(90):
            port = await greeted_port(process)
            async with visitor(f"http://127.0.0.1:{port}", "acme") as ada:
                body = {"email": "ada@learners.example", "password": "a long pass", "name": "Ada"}
                assert (await ada.post("/auth/register", json=body)).status_code == 201
                raw = await first_mail(declaration.parent / "var/mail/acme")
                base = f"http://acme.academies.localhost:{port}"
                way_out = re.search(rb"\r\nList-Unsubscribe: <([^>\r\n]+)>\r\n", raw)
                assert way_out is not None, raw
                assert way_out[1].decode().startswith(f"{base}/api/v1/notifications/unsubscribe/")
                page = await ada.get(way_out[1].decode().removeprefix(f"{base}/api/v1"))
                assert page.status_code == 200, page.text
    finally:
        process.terminate()
        await process.wait()


async def greeted_port(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    async for line in process.stdout:
        found = re.search(rb"http://acme\.academies\.localhost:(\d+)/api/v1", line)
        if found:
            return int(found[1])
    raise AssertionError("it ended without a banner")


async def first_mail(folder: Path) -> bytes:
    while not (found := list(folder.glob("*.eml"))):
        await asyncio.sleep(0.02)
    return found[0].read_bytes()
