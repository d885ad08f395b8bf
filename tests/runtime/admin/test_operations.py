"""Commands ask operations as the operator, on the one path that every call takes."""

import asyncio
import os
from collections.abc import Iterable
from typing import Any

import pytest
from kiosk.api import Deliver, GetCount, Rob, Sell, SoldOut
from running_kiosk import RunningKiosk

from colonnade.errors import ColonnadeError, Forbidden, InvalidRequest, NotFound
from colonnade.identifiers import new_id


async def upload(running: RunningKiosk, chunks: Iterable[bytes]) -> Any:
    def work() -> Any:
        with running.client() as client:
            return client.upload("acme", Deliver(), chunks)

    return await asyncio.to_thread(work)


async def refusal(running: RunningKiosk, request: Any, tenant: str = "acme") -> ColonnadeError:
    def work() -> ColonnadeError:
        with running.client() as client, pytest.raises(ColonnadeError) as caught:
            client.ask(tenant, request)
        return caught.value

    return await asyncio.to_thread(work)


async def test_an_operation_is_done_and_answered(running: RunningKiosk) -> None:
    sale = new_id()
    await running.ask(Sell(sale_id=sale))
    async with asyncio.timeout(10):
        while (await running.ask(GetCount(sale_id=sale))).times == 0:
            await asyncio.sleep(0.01)


async def test_a_declared_error_comes_back_as_its_class(running: RunningKiosk) -> None:
    error = await refusal(running, Sell(sale_id=new_id(), pieces=11))
    assert isinstance(error, SoldOut)
    assert error.details == {"left": 10}


async def test_the_operator_may_do_what_policies_say_and_no_more(running: RunningKiosk) -> None:
    assert isinstance(await refusal(running, Rob()), Forbidden)


async def test_an_unknown_tenant_is_named_with_those_there_are(running: RunningKiosk) -> None:
    error = await refusal(running, GetCount(sale_id=new_id()), tenant="acmee")
    assert isinstance(error, NotFound)
    assert "'acmee'" in error.message
    assert "acme" in error.message


async def test_a_stream_arrives_whole_as_the_operator_on_behalf_of_an_account(
    running: RunningKiosk,
) -> None:
    told = await upload(running, [b"x" * 300_000] * 5)
    assert told.size == 1_500_000
    assert told.principal == "service:operator"
    assert told.on_behalf_of == f"account:{os.geteuid()}"


async def test_a_refused_stream_leaves_the_connection_usable(running: RunningKiosk) -> None:
    def work() -> int:
        with running.client() as client:
            with pytest.raises(ColonnadeError, match="shelves are full"):
                client.upload("acme", Deliver(), [b"x" * 500_000] * 20)
            size: int = client.upload("acme", Deliver(), [b"small"]).size
            return size

    assert await asyncio.to_thread(work) == 5


async def test_an_operation_with_a_stream_is_not_asked_without_one(running: RunningKiosk) -> None:
    assert isinstance(await refusal(running, Deliver()), InvalidRequest)


async def test_an_operation_that_is_not_offered_is_a_sentence(running: RunningKiosk) -> None:
    def work() -> str:
        arguments = {"tenant": "acme", "subject": "ask.moon.v1.Land", "request": {}}
        with running.client() as client, pytest.raises(NotFound) as caught:
            client.run("ask", arguments)
        return caught.value.message

    assert "offers no ask.moon.v1.Land" in await asyncio.to_thread(work)


async def test_a_source_that_breaks_ends_the_upload_and_the_connection(
    running: RunningKiosk,
) -> None:
    def broken() -> Iterable[bytes]:
        yield b"first"
        raise OSError("the disk is gone")

    def work() -> None:
        with running.client() as client, pytest.raises(ColonnadeError):
            client.upload("acme", Deliver(), broken())

    await asyncio.to_thread(work)
    assert (await upload(running, [b"again"])).size == 5
