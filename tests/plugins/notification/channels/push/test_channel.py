"""Web push: a whole round trip, and endpoints that lead somewhere else."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from certificates import certificate
from hypothesis import given
from hypothesis import strategies as st
from notification_house import House
from push_services import Browser, PushService, push_service
from sqlalchemy import update

from colonnade.errors import NotFound, ValidationFailed
from colonnade_notification.api import (
    CreatePushSubscription,
    DeletePushSubscription,
    EndpointTaken,
    GetPushKey,
    ListPushSubscriptions,
    TooManySubscriptions,
)
from colonnade_notification.channels.push import channel as push_channel
from colonnade_notification.channels.push import endpoints as push_endpoints
from colonnade_notification.channels.push.encryption import payload_of
from colonnade_notification.channels.push.endpoints import (
    EndpointRefused,
    canonical,
    parse_endpoint,
    pin,
)
from colonnade_notification.channels.push.public_addresses import is_public, is_public_name
from colonnade_notification.models import PushSubscriptionRow

LOOPBACK = {"push": {"private_endpoints": True, "timeout": "1s"}}
STRICT = {"push": {"private_endpoints": False, "timeout": "1s"}}


@asynccontextmanager
async def house_with_push(folder: Path) -> AsyncIterator[House]:
    async with House(folder, LOOPBACK).running() as house:
        yield house


async def subscribe(
    house: House, person: UUID, endpoint: str, browser: Browser | None = None
) -> Browser:
    browser = browser or Browser()
    wanted = CreatePushSubscription.model_validate(browser.subscription(endpoint))
    await house.ask(person, wanted)
    return browser


async def test_a_message_arrives_encrypted_and_signed(tmp_path: Path) -> None:
    async with push_service() as service, house_with_push(tmp_path) as house:
        ada = house.person()
        browser = await subscribe(house, ada, f"{service.url}/send/ada?x=1")
        await house.welcome(ada)
        [received] = await service.gets(1)
        [row] = await house.becomes("sent", "push")
        key = (await house.ask(ada, GetPushKey())).public_key
        claims = received.claims(key)
        assert received.path == "/send/ada?x=1"
        message = browser.decrypt(received.body)
    assert message["id"] == str(row.id)
    assert message["title"] == "Welcome to Acme Academy"
    assert message["body"].startswith("your account at Acme Academy is ready")
    assert claims["aud"] == service.url
    assert claims["sub"] == "mailto:webmaster@acme.localhost"
    assert 0 < claims["exp"] - house.clock.now().timestamp() <= 24 * 3600
    assert received.headers["content-encoding"] == "aes128gcm"
    assert received.headers["ttl"] == "86400"
    assert received.headers["host"] == f"127.0.0.1:{service.port}"
    assert len(received.headers["topic"]) <= 32
    assert b"Acme" not in received.body


async def test_the_certificate_is_that_of_the_name_and_not_of_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    # Read once per process, which another test may have made it do before.
    monkeypatch.setattr(push_channel, "_trusted", httpx.create_ssl_context)
    async with (
        push_service(PushService(tls=context)) as service,
        house_with_push(tmp_path / "house") as house,
    ):
        ada = house.person()
        await subscribe(house, ada, f"{service.url}/named")
        await house.welcome(ada)
        [received] = await service.gets(1)
        await house.becomes("sent", "push")
        assert received.headers["host"] == f"localhost:{service.port}"
        bob = house.person("Bob")
        await subscribe(house, bob, f"https://127.0.0.1:{service.port}/unnamed")
        await house.welcome(bob)
        await house.becomes("failed", "push")
        assert [one.path for one in service.received] == ["/named"]


async def test_nobody_without_a_browser_gets_a_push_row(tmp_path: Path) -> None:
    async with house_with_push(tmp_path) as house:
        await house.welcome(house.person())
        assert await house.rows("push") == []


@pytest.mark.parametrize("gone", ["404 Not Found", "410 Gone"])
async def test_a_subscription_that_expired_is_removed(tmp_path: Path, gone: str) -> None:
    answers = {"/old": [gone]}
    async with push_service(PushService(answers)) as service, house_with_push(tmp_path) as house:
        ada = house.person()
        await subscribe(house, ada, f"{service.url}/old")
        browser = await subscribe(house, ada, f"{service.url}/new")
        await house.welcome(ada)
        await house.becomes("sent", "push")
        left = (await house.ask(ada, ListPushSubscriptions())).items
        assert [item.endpoint for item in left] == [f"{service.url}/new"]
        [received] = [one for one in service.received if one.path == "/new"]
        assert browser.decrypt(received.body)["title"]


async def test_only_the_browser_that_was_not_reached_is_tried_again(tmp_path: Path) -> None:
    answers = {"/busy": ["503 Busy", "429 Slow\r\nRetry-After: 0", "201 Created"]}
    async with push_service(PushService(answers)) as service, house_with_push(tmp_path) as house:
        ada = house.person()
        for path in ("/busy", "/fine"):
            await subscribe(house, ada, service.url + path)
        await house.welcome(ada)
        [row] = await house.becomes("sent", "push")
        assert row.attempts == 3
        paths = sorted(one.path for one in service.received)
    assert paths == ["/busy", "/busy", "/busy", "/fine"]


async def test_a_push_service_that_hangs_is_given_up_on(tmp_path: Path) -> None:
    service = PushService(hangs={"/slow"})
    async with push_service(service), house_with_push(tmp_path) as house:
        ada = house.person()
        await subscribe(house, ada, f"{service.url}/slow")
        await house.welcome(ada)
        [row] = await house.becomes("failed", "push")
        assert row.problem == "The push service did not answer in time."


async def test_a_push_service_that_redirects_is_not_followed(tmp_path: Path) -> None:
    async with push_service() as inward:
        answers = {"/moved": [f"307 Moved\r\nLocation: {inward.url}/inside"]}
        async with (
            push_service(PushService(answers)) as service,
            house_with_push(tmp_path) as house,
        ):
            ada = house.person()
            await subscribe(house, ada, f"{service.url}/moved")
            await house.welcome(ada)
            [row] = await house.becomes("failed", "push")
            assert row.problem == "The push service redirects (307)."
            assert (row.attempts, inward.received) == (1, [])


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
async def test_an_endpoint_that_points_inward_is_refused(tmp_path: Path, endpoint: str) -> None:
    async with House(tmp_path, STRICT).running() as house:
        ada = house.person()
        try:
            await subscribe(house, ada, endpoint)
        except ValidationFailed as refused:
            assert [item.pointer for item in refused.fields] == ["/endpoint"]
            return
        # Odd ways to write an address are known when the name is looked up.
        with pytest.raises((EndpointRefused, OSError)):
            await pin(endpoint, private=False)


async def test_a_name_that_leads_inward_is_refused_when_it_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_service() as service, House(tmp_path, STRICT).running() as house:
        ada = house.person()
        await subscribe(house, ada, "https://rebinding.example/1")
        answer_with(monkeypatch, "127.0.0.1")
        await house.welcome(ada)
        [row] = await house.becomes("failed", "push")
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
    monkeypatch.setattr(push_endpoints, "_SECONDS", 0.2)
    try:
        pins = [pin(f"https://slow{number}.example/1", private=False) for number in range(64)]
        answers = await asyncio.gather(*pins, return_exceptions=True)
        assert {type(answer) for answer in answers} == {TimeoutError}
        async with asyncio.timeout(2):
            assert await asyncio.to_thread(lambda: "the loop's own threads are free") != ""
    finally:
        let_go.set()


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_like_it(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) + number)
    translated = ipaddress.IPv6Address((0x64FF9B << 96) + number)
    for wrapped in (mapped, translated):
        assert is_public(wrapped) == is_public(address), wrapped


EDGES = [
    block[position] + beyond
    for block in (
        *ipaddress._IPv4Constants._private_networks,  # type: ignore[attr-defined]
        *ipaddress._IPv6Constants._private_networks,  # type: ignore[attr-defined]
    )
    for position, beyond in ((0, -1), (0, 0), (-1, 0), (-1, 1))
    if 0 <= int(block[position]) + beyond < 2**block.max_prefixlen
]
"""Both ends of all that this Python knows as private, and what is next to them."""


@given(st.one_of(st.sampled_from(EDGES), st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_is_public_that_python_knows_not_to_be(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    if is_public(address):
        assert (mapped or address).is_global
        assert not (mapped or address).is_multicast


@pytest.mark.parametrize(
    "network",
    ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
     "100.64.0.0/10", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::1/128", "fe80::/10",
     "fc00::/7", "ff00::/8", "::/128", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
     "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
     "203.0.113.0/24", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
     "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32",
     "2002::/16", "2002:808:808::/48",
     "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fec0::/10", "::7f00:0/104", "4000::/3"],
)  # fmt: skip
def test_no_address_of_a_private_network_is_public(network: str) -> None:
    block = ipaddress.ip_network(network)
    assert not is_public(block[0])
    assert not is_public(block[-1])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "192.0.1.1", "2606:4700::1111", "2a00:1450::1"]
)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    [*("localhost", "a.localhost", "a.localhost.", "LOCALHOST", "printer", "2130706433"),
     *("a.local", "metadata.google.internal", "router.home.arpa", "nas.lan", "x.test", "x.onion"),
     *("127.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "64:ff9b::a00:1", "")],
)  # fmt: skip
def test_no_name_of_a_private_network_is_public(host: str) -> None:
    assert not is_public_name(host)


@pytest.mark.parametrize(
    "host", ["push.example", "fcm.googleapis.com", "locals.example.", "1.1.1.1"]
)
def test_a_name_on_the_internet_is_public(host: str) -> None:
    assert is_public_name(host)


async def test_a_browser_is_whoevers_has_it_now(tmp_path: Path) -> None:
    async with push_service() as service, house_with_push(tmp_path) as house:
        ada, bob = house.person(), house.person("Bob")
        endpoint = f"{service.url}/shared"
        browser = await subscribe(house, ada, endpoint)
        [before] = (await house.ask(ada, ListPushSubscriptions())).items
        await subscribe(house, bob, endpoint, browser)
        [after] = (await house.ask(bob, ListPushSubscriptions())).items
        assert before.id != after.id
        assert (await house.ask(ada, ListPushSubscriptions())).items == []
        await house.welcome(ada)
        await house.welcome(bob)
        [received] = await service.gets(1)
        await house.becomes("sent", "push")
        assert browser.decrypt(received.body)["title"] == "Welcome to Acme Academy"
        assert len(service.received) == 1


@pytest.mark.parametrize("path", ["/ada", "/ada#other"])
async def test_nobody_takes_a_browser_by_its_endpoint_alone(tmp_path: Path, path: str) -> None:
    async with push_service() as service, house_with_push(tmp_path) as house:
        ada, eve = house.person(), house.person("Eve")
        browser = await subscribe(house, ada, f"{service.url}/ada")
        with pytest.raises(EndpointTaken):
            await subscribe(house, eve, service.url + path)
        half = Browser()
        half.auth = browser.auth
        with pytest.raises(EndpointTaken):
            await subscribe(house, eve, service.url + path, half)
        assert (await house.ask(eve, ListPushSubscriptions())).items == []
        await house.welcome(ada)
        [received] = await service.gets(1)
        assert browser.decrypt(received.body)["title"]


async def test_ones_own_browser_may_have_new_keys(tmp_path: Path) -> None:
    async with push_service() as service, house_with_push(tmp_path) as house:
        ada = house.person()
        await subscribe(house, ada, f"{service.url}/ada")
        browser = await subscribe(house, ada, f"{service.url}/ada")
        assert len((await house.ask(ada, ListPushSubscriptions())).items) == 1
        await house.welcome(ada)
        [received] = await service.gets(1)
        assert browser.decrypt(received.body)["title"]


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


async def test_a_browser_that_breaks_everything_stops_no_other(tmp_path: Path) -> None:
    """A row of before keys were looked at, one that hangs, one whose service talks nonsense."""
    service = PushService({"/odd": ["999"]}, hangs={"/slow"})
    async with push_service(service), house_with_push(tmp_path) as house:
        ada = house.person()
        for path in ("/slow", "/odd", "/broken", "/fine"):
            await subscribe(house, ada, service.url + path)
        statement = (
            update(PushSubscriptionRow)
            .where(PushSubscriptionRow.endpoint == f"{service.url}/broken")
            .values(p256dh="A" * 87, auth="A")
        )
        await house.run(lambda session: session.execute(statement))
        await house.welcome(ada)
        await house.becomes("failed", "push")
        paths = [one.path for one in service.received]
    assert paths.count("/fine") == 1, "it was reached, and once"
    assert "/broken" not in paths


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_push_services_that_refuse_the_signature_are_a_fault_until_one_takes_it(
    tmp_path: Path, status: str
) -> None:
    answers = {f"/{number}": [status] for number in range(3)}
    async with push_service(PushService(answers)) as service, house_with_push(tmp_path) as house:
        for number in range(3):
            assert house.faults.all() == [], "one person alone says nothing of the academy"
            person = house.person(f"p{number}")
            await subscribe(house, person, f"{service.url}/{number}")
            for _ in range(2):
                await house.welcome(person)
            await house.becomes("failed", "push", count=2 * number + 2)
        [fault] = house.faults.all()
        assert (fault.kind, fault.tenant) == ("push_services", "acme")
        assert "VAPID" in fault.sentence
        assert "push.contact" in fault.mend
        ada = house.person()
        await subscribe(house, ada, f"{service.url}/fine")
        await house.welcome(ada)
        await house.becomes("sent", "push")
        assert house.faults.all() == []


async def test_subscriptions_are_counted_and_deleted(tmp_path: Path) -> None:
    async with house_with_push(tmp_path) as house:
        ada = house.person()
        for number in range(20):
            await subscribe(house, ada, f"https://push.example/{number}")
        with pytest.raises(TooManySubscriptions):
            await subscribe(house, ada, "https://push.example/21")
        newest = (await house.ask(ada, ListPushSubscriptions())).items[0]
        await house.ask(ada, DeletePushSubscription(subscription_id=newest.id))
        with pytest.raises(NotFound):
            await house.ask(ada, DeletePushSubscription(subscription_id=newest.id))
        await subscribe(house, ada, "https://push.example/21")


@pytest.mark.parametrize("broken", ["p256dh", "auth"])
async def test_keys_that_nothing_can_be_encrypted_for_are_refused(
    tmp_path: Path, broken: str
) -> None:
    async with house_with_push(tmp_path) as house:
        body = Browser().subscription("https://push.example/1")
        length = {"p256dh": 87, "auth": 22}[broken]
        body["keys"][broken] = "A" * length if broken == "p256dh" else "A" * 21
        with pytest.raises((ValueError, ValidationFailed)):
            await house.ask(house.person(), CreatePushSubscription.model_validate(body))


@given(st.text(max_size=300), st.text(max_size=9000), st.text(max_size=2500))
def test_every_message_fits_in_one_record(title: str, body: str, link: str) -> None:
    assert len(payload_of("0190a000-0000-7000-8000-000000000001", title, body, link)) <= 3993
