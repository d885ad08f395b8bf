"""Empties a NATS server between tests that share it."""

import nats


async def without_streams(url: str) -> None:
    """Delete every stream of the server at `url`, and with them their consumers."""
    async with await nats.connect(url) as client:
        jetstream = client.jetstream()
        for stream in await jetstream.streams_info():
            if stream.config.name is not None:
                await jetstream.delete_stream(stream.config.name)
