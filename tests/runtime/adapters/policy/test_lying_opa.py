"""A server at OPA's address that answers anything: unavailable at the load, refused afterwards."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from colonnade.errors import Unavailable
from colonnade_runtime.adapters.policy.opa.engine import opa_policy
from tests.runtime.adapters.policy.test_opa import NOBODY, QUESTION


def answer(
    body: bytes, status: str = "200 OK", kind: str = "application/json", *more: str
) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def result(value: str) -> bytes:
    return answer(f'{{"result": {value}}}'.encode())


DECISION = '{"grants": [[%s]], "deny": [], "masks": [], "expires_at": null}'
CONDITION = '{"field": "id", "op": "eq", "value": %s}'
LIES = {
    "nothing": b"",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "half an answer": answer(b"{" * 90)[:-89],
    "no JSON": answer(b"<html>Sign in</html>"),
    "a page": answer(b"<html>Sign in</html>", "200 OK", "text/html"),
    "no body": answer(b""),
    "no text": answer(b"\xff\xfe\xfd"),
    "text of no encoding": answer(b"{}", "200 OK", "application/json; charset=no-such"),
    "arrays without end": answer(b"[" * 1_000_000),
    "objects without end": answer(b'{"result": ' * 100_000),
    "great depth": result("[" * 900 + "]" * 900),
    "greater depth": result("[" * 90_000 + "]" * 90_000),
    "a list": answer(b"[]"),
    "a number of no size": answer(b'{"result": ' + b"9" * 9_000 + b"}"),
    "not a number": result("NaN"),
    "null": result("null"),
    "a decision of no form": result('{"grants": {"a": 1}}'),
    "a value of half a character": result(DECISION % (CONDITION % '"\\ud800"')),
    "a value for no column": result(DECISION % (CONDITION % "9" * 40)),
    "an infinite value": result(DECISION % (CONDITION % "Infinity")),
    "a time of no calendar": result(
        '{"grants": [[]], "deny": [], "masks": [], "expires_at": "9999-12-31T23:59:59-23:59"}'
    ),
    "elsewhere": answer(b"{}", "307 Temporary Redirect", "application/json", "Location: /v1/other"),
    "not allowed": answer(b'{"code": "unauthorized"}', "401 Unauthorized"),
    "a teapot": answer(b"{}", "418 I'm a teapot"),
    "broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "broken compression": answer(
        b"no gzip", "200 OK", "application/json", "Content-Encoding: gzip"
    ),
    "a bomb": answer(
        gzip.compress(b'{"result": "' + b"a" * 40_000_000 + b'"}'),
        "200 OK", "application/json", "Content-Encoding: gzip",
    ),
    "a switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
}  # fmt: skip
ACTIONS = result('["quiz.read"]')


@asynccontextmanager
async def lying(says: Callable[[bytes], bytes]) -> AsyncIterator[str]:
    """A server that reads a request and answers with bytes, then closes; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(says(head))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"opa+http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("about", ["everything", "questions"])
async def test_a_lie_at_the_load_is_unavailable(lie: str, about: str) -> None:
    """The platform waits for such a server as for one that is not there."""

    def says(head: bytes) -> bytes:
        return answer(b"{}") if head.startswith(b"PUT") and about == "questions" else LIES[lie]

    async with lying(says) as url:
        engine = opa_policy(url, timeout=2.0)
        with pytest.raises(Unavailable, match="does not answer"):
            await engine.load(NOBODY)
        await engine.close()


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_is_no_decision(lie: str) -> None:
    """Loaded in good days; what comes then is a failed refusal, and the comparison bears it."""
    good = True

    def says(head: bytes) -> bytes:
        if not good:
            return LIES[lie]
        return ACTIONS if head.startswith(b"POST") else answer(b"{}")

    async with lying(says) as url:
        engine = opa_policy(url, timeout=2.0)
        await engine.load(NOBODY)
        good = False
        decision = await engine.decide(QUESTION)
        assert decision.failed
        assert decision.refused
        assert json.dumps(decision.reason)
        await engine.watch.look(engine.loaded)  # type: ignore[arg-type]
        assert await engine.check() is None or lie
        await engine.close()
