"""The other process of a measurement: `python -m benchmarks.answering SITE NATS_URL`.

It hosts the `bench` service, and beside it answers `bare` with what it was asked, by the client
library alone. It says `ready` on its output, and ends with its input.
"""

import asyncio
import sys
from pathlib import Path

import nats
import uvloop
from nats.aio.msg import Msg

from benchmarks.fixture import plugin
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.declaration.model.placement import placement_of
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.serve.memory import settle_memory

BARE = "bare"


async def main(site: Path, nats_url: str) -> None:
    """Answer until the input ends."""
    configure_logs("warning", "json")
    settings = [f"bus={nats_url}", "services.bench.enabled=true", "tenants.watch=false"]
    declared = read_declaration(site / "platform.yaml", settings, extra=[plugin])
    place = placement_of(declared.loaded.platform, "answering")
    runtime = Runtime(declared, place=place, announce=lambda text: None)
    client = await nats.connect(nats_url)

    async def echo(message: Msg) -> None:
        await message.respond(message.data)

    await runtime.start()
    try:
        await client.subscribe(BARE, queue="bench", cb=echo)
        await client.flush()
        # As every process does when it is ready.
        settle_memory()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await client.close()
        await runtime.stop()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2]))
