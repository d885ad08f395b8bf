"""Endpoints of push services: one spelling each, and none that leads inward."""

import asyncio
import socket
import threading
from typing import Any

import pytest
from notification_bench import NotificationBench
from push_benches import subscribe
from push_services import push_service

from colonnade.errors import ValidationFailed
from colonnade_notification.channels.push import endpoints as push_endpoints
from colonnade_notification.channels.push.endpoints import (
    EndpointRefused,
    canonical,
    parse_endpoint,
    pin,
)

STRICT = {"push": {"private_endpoints": False, "timeout": "1s"}}


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/1",
        "https://localhost/1",
        "https://127.0.0.1/1",
        "https://127.1/1",
        "https://2130706433/1",
        "https://0x7f000001/1",
        "https://[::1]/1",
        "https://[::ffff:127.0.0.1]/1",
        "https://[64:ff9b::7f00:1]/1",
        "https://10.0.0.8/1",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/1",
        "https://metadata.google.internal/1",
        "https://printer.local/1",
        "https://push.example:22/1",
        "https://ada:secret@push.example/1",
        "https://push.example@127.0.0.1/1",
    ],
)
async def test_an_endpoint_that_points_inward_is_refused(endpoint: str) -> None:
    async with NotificationBench(STRICT) as bench:
        ada = bench.account()
        try:
            await subscribe(bench, ada, endpoint)
        except ValidationFailed as refused:
            assert [item.pointer for item in refused.fields] == ["/endpoint"]
            return
        # Odd ways to write an address are known when the name is looked up.
        with pytest.raises((EndpointRefused, OSError)):
            await pin(endpoint, private=False)


async def test_a_name_that_leads_inward_is_refused_when_it_is_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with push_service() as service, NotificationBench(STRICT) as bench:
        ada = bench.account()
        await subscribe(bench, ada, "https://rebinding.example/1")
        answer_with(monkeypatch, "127.0.0.1")
        await bench.welcome(ada)
        [row] = await bench.becomes("failed", "push")
        assert row.problem == "The endpoint points to this machine or a private network."
        assert service.received == []


async def test_one_inward_address_among_others_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, "93.184.215.14", "10.0.0.1")
    with pytest.raises(EndpointRefused):
        await pin("https://push.example/1", private=False)


async def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lookups = answer_with(monkeypatch, "93.184.215.14")
    pinned = await pin("https://push.example/send?id=1", private=False)
    assert pinned.url == "https://93.184.215.14:443/send?id=1"
    assert (pinned.host, pinned.authority) == ("push.example", "push.example")
    assert pinned.origin == "https://push.example"
    assert len(lookups) == 1


def answer_with(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have the machine's resolver say so: what a rebinding name server would make it say."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_name_servers_that_never_answer_hold_up_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_go = threading.Event()

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        let_go.wait(20)
        raise OSError("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(push_endpoints, "LOOKUP_SECONDS", 0.2)
    try:
        pins = [pin(f"https://slow{number}.example/1", private=False) for number in range(64)]
        answers = await asyncio.gather(*pins, return_exceptions=True)
        assert {type(answer) for answer in answers} == {TimeoutError}
        async with asyncio.timeout(2):
            assert await asyncio.to_thread(lambda: "the loop's own threads are free") != ""
    finally:
        let_go.set()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://PUSH.example:443/a?b=C#d", "https://push.example/a?b=C"),
        ("https://push.example.", "https://push.example/"),
        ("https://straße.example/a", "https://xn--strae-oqa.example/a"),
        ("https://push.example:8443/a", "https://push.example:8443/a"),
    ],
)
def test_an_endpoint_has_one_spelling(given: str, kept: str) -> None:
    assert canonical(parse_endpoint(given, private=True)) == kept
