"""Web push: a whole round trip, and push services that fail."""

from pathlib import Path

import httpx
import pytest
from certificates import certificate
from push_benches import bench_with_push, subscribe
from push_services import PushService, push_service
from sqlalchemy import update

from colonnade_notification.api import (
    GetPushKey,
    ListPushSubscriptions,
)
from colonnade_notification.channels.push import channel as push_channel
from colonnade_notification.models import PushSubscriptionRow


async def test_a_message_arrives_encrypted_and_signed() -> None:
    async with push_service() as service, bench_with_push() as bench:
        ada = bench.account()
        browser = await subscribe(bench, ada, f"{service.url}/send/ada?x=1")
        await bench.welcome(ada)
        [received] = await service.gets(1)
        [row] = await bench.becomes("sent", "push")
        key = (await bench.ask_as(ada, GetPushKey())).public_key
        claims = received.claims(key)
        assert received.path == "/send/ada?x=1"
        message = browser.decrypt(received.body)
    assert message["id"] == str(row.id)
    assert message["title"] == "Welcome to Acme Academy"
    assert message["body"].startswith("your account at Acme Academy is ready")
    assert claims["aud"] == service.url
    assert claims["sub"] == "mailto:webmaster@acme.localhost"
    assert 0 < claims["exp"] - bench.clock.now().timestamp() <= 24 * 3600
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
    monkeypatch.setattr(push_channel, "trusted_authorities", httpx.create_ssl_context)
    async with (
        push_service(PushService(tls=context)) as service,
        bench_with_push() as bench,
    ):
        ada = bench.account()
        await subscribe(bench, ada, f"{service.url}/named")
        await bench.welcome(ada)
        [received] = await service.gets(1)
        await bench.becomes("sent", "push")
        assert received.headers["host"] == f"localhost:{service.port}"
        bob = bench.account("Bob")
        await subscribe(bench, bob, f"https://127.0.0.1:{service.port}/unnamed")
        await bench.welcome(bob)
        await bench.becomes("failed", "push")
        assert [one.path for one in service.received] == ["/named"]


async def test_nobody_without_a_browser_gets_a_push_row() -> None:
    async with bench_with_push() as bench:
        await bench.welcome(bench.account())
        assert await bench.rows("push") == []


@pytest.mark.parametrize("gone", ["404 Not Found", "410 Gone"])
async def test_a_subscription_that_expired_is_removed(gone: str) -> None:
    answers = {"/old": [gone]}
    async with push_service(PushService(answers)) as service, bench_with_push() as bench:
        ada = bench.account()
        await subscribe(bench, ada, f"{service.url}/old")
        browser = await subscribe(bench, ada, f"{service.url}/new")
        await bench.welcome(ada)
        await bench.becomes("sent", "push")
        left = (await bench.ask_as(ada, ListPushSubscriptions())).items
        assert [item.endpoint for item in left] == [f"{service.url}/new"]
        [received] = [one for one in service.received if one.path == "/new"]
        assert browser.decrypt(received.body)["title"]


async def test_only_the_browser_that_was_not_reached_is_tried_again() -> None:
    answers = {"/busy": ["503 Busy", "429 Slow\r\nRetry-After: 0", "201 Created"]}
    async with push_service(PushService(answers)) as service, bench_with_push() as bench:
        ada = bench.account()
        for path in ("/busy", "/fine"):
            await subscribe(bench, ada, service.url + path)
        await bench.welcome(ada)
        [row] = await bench.becomes("sent", "push")
        assert row.attempts == 3
        paths = sorted(one.path for one in service.received)
    assert paths == ["/busy", "/busy", "/busy", "/fine"]


async def test_a_push_service_that_hangs_is_given_up_on() -> None:
    service = PushService(hangs={"/slow"})
    async with push_service(service), bench_with_push() as bench:
        ada = bench.account()
        await subscribe(bench, ada, f"{service.url}/slow")
        await bench.welcome(ada)
        [row] = await bench.becomes("failed", "push")
        assert row.problem == "The push service did not answer in time."


async def test_a_push_service_that_redirects_is_not_followed() -> None:
    async with push_service() as inward:
        answers = {"/moved": [f"307 Moved\r\nLocation: {inward.url}/inside"]}
        async with (
            push_service(PushService(answers)) as service,
            bench_with_push() as bench,
        ):
            ada = bench.account()
            await subscribe(bench, ada, f"{service.url}/moved")
            await bench.welcome(ada)
            [row] = await bench.becomes("failed", "push")
            assert row.problem == "The push service redirects (307)."
            assert (row.attempts, inward.received) == (1, [])


"""Both ends of all that this Python knows as private, and what is next to them."""


async def test_a_browser_that_breaks_everything_stops_no_other() -> None:
    """A row of before keys were looked at, one that hangs, one whose service talks nonsense."""
    service = PushService({"/odd": ["999"]}, hangs={"/slow"})
    async with push_service(service), bench_with_push() as bench:
        ada = bench.account()
        for path in ("/slow", "/odd", "/broken", "/fine"):
            await subscribe(bench, ada, service.url + path)
        statement = (
            update(PushSubscriptionRow)
            .where(PushSubscriptionRow.endpoint == f"{service.url}/broken")
            .values(p256dh="A" * 87, auth="A")
        )
        await bench.run(lambda session: session.execute(statement))
        await bench.welcome(ada)
        await bench.becomes("failed", "push")
        paths = [one.path for one in service.received]
    assert paths.count("/fine") == 1, "it was reached, and once"
    assert "/broken" not in paths


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_push_services_that_refuse_the_signature_are_a_fault_until_one_takes_it(
    status: str,
) -> None:
    answers = {f"/{number}": [status] for number in range(3)}
    async with push_service(PushService(answers)) as service, bench_with_push() as bench:
        for number in range(3):
            assert bench.faults() == [], "one person alone says nothing of the academy"
            person = bench.account(f"p{number}")
            await subscribe(bench, person, f"{service.url}/{number}")
            for _ in range(2):
                await bench.welcome(person)
            await bench.becomes("failed", "push", count=2 * number + 2)
        [fault] = bench.faults()
        assert (fault.kind, fault.tenant) == ("push_services", "acme")
        assert "VAPID" in fault.sentence
        assert "push.contact" in fault.mend
        ada = bench.account()
        await subscribe(bench, ada, f"{service.url}/fine")
        await bench.welcome(ada)
        await bench.becomes("sent", "push")
        assert bench.faults() == []
