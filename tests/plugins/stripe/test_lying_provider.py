"""A server at Stripe's address that answers anything: never more than "it may have happened"."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from colonnade.errors import Unavailable
from colonnade_payment.api import NoAnswer, Outcome, ProviderAction
from tests.plugins.stripe.test_provider import provider_at, request

INTENT = {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "metadata": {}}


def answer(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *more]).encode() + b"\r\n\r\n" + body


def said(**changed: object) -> bytes:
    return answer(json.dumps(INTENT | changed).encode())


LIES = {
    "nothing": b"",
    "no HTTP": b"\x16\x03\x01\x02\x00",
    "half an answer": answer(b"{" * 90)[:-80],
    "no JSON": answer(b"<html>"),
    "no text": answer(b"\xff\xfe"),
    "no body": answer(b""),
    "great depth": answer(b"[" * 100_000),
    "depth below": answer(b'{"id": "pi_1", "more": ' + b"[" * 900 + b"]" * 900 + b"}"),
    "a list": answer(b"[]"),
    "null": answer(b"null"),
    "a number": answer(b"7"),
    "an empty object": answer(b"{}"),
    "an object of another kind": answer(b'{"object": "list", "data": [1, null]}'),
    "an error of no form": answer(b'{"error": 7}', "402 Payment Required"),
    "an error that is a list": answer(b'{"error": []}', "400 Bad Request"),
    "an error in a page": answer(b"<html>", "502 Bad Gateway"),
    "broken compression": answer(b"no gzip", "200 OK", "Content-Encoding: gzip"),
    "metadata of no form": said(metadata=7),
    "a status of no form": said(status=[1]),
}


@asynccontextmanager
async def lying(lie: bytes) -> AsyncIterator[str]:
    """A server that reads a request's head and answers with these bytes; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(lie)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("action", list(ProviderAction))
async def test_a_lie_is_no_answer(lie: str, action: ProviderAction) -> None:
    """A refusal or a success must be said in Stripe's own form; the rest is asked for again."""
    async with lying(LIES[lie]) as url:
        provider = provider_at(url)
        asked = request(action, "pi_1")
        for ask in (provider.perform, provider.find):
            try:
                record = await ask(asked)
            except (NoAnswer, Unavailable):
                continue
            assert record is None or record.outcome in set(Outcome)
            assert record is None or isinstance(record.reference, str)
        await provider.close()
