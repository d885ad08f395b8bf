"""Push subscriptions: whose a browser is, and how many one may have."""

import pytest
from push_benches import bench_with_push, subscribe
from push_services import Browser, push_service

from colonnade.errors import NotFound, ValidationFailed
from colonnade_notification.api import (
    CreatePushSubscription,
    DeletePushSubscription,
    EndpointTaken,
    ListPushSubscriptions,
    TooManySubscriptions,
)


async def test_a_browser_is_whoevers_has_it_now() -> None:
    async with push_service() as service, bench_with_push() as bench:
        ada, bob = bench.account(), bench.account("Bob")
        endpoint = f"{service.url}/shared"
        browser = await subscribe(bench, ada, endpoint)
        [before] = (await bench.ask_as(ada, ListPushSubscriptions())).items
        await subscribe(bench, bob, endpoint, browser)
        [after] = (await bench.ask_as(bob, ListPushSubscriptions())).items
        assert before.id != after.id
        assert (await bench.ask_as(ada, ListPushSubscriptions())).items == []
        await bench.welcome(ada)
        await bench.welcome(bob)
        [received] = await service.gets(1)
        await bench.becomes("sent", "push")
        assert browser.decrypt(received.body)["title"] == "Welcome to Acme Academy"
        assert len(service.received) == 1


@pytest.mark.parametrize("path", ["/ada", "/ada#other"])
async def test_nobody_takes_a_browser_by_its_endpoint_alone(path: str) -> None:
    async with push_service() as service, bench_with_push() as bench:
        ada, eve = bench.account(), bench.account("Eve")
        browser = await subscribe(bench, ada, f"{service.url}/ada")
        with pytest.raises(EndpointTaken):
            await subscribe(bench, eve, service.url + path)
        half = Browser()
        half.auth = browser.auth
        with pytest.raises(EndpointTaken):
            await subscribe(bench, eve, service.url + path, half)
        assert (await bench.ask_as(eve, ListPushSubscriptions())).items == []
        await bench.welcome(ada)
        [received] = await service.gets(1)
        assert browser.decrypt(received.body)["title"]


async def test_ones_own_browser_may_have_new_keys() -> None:
    async with push_service() as service, bench_with_push() as bench:
        ada = bench.account()
        await subscribe(bench, ada, f"{service.url}/ada")
        browser = await subscribe(bench, ada, f"{service.url}/ada")
        assert len((await bench.ask_as(ada, ListPushSubscriptions())).items) == 1
        await bench.welcome(ada)
        [received] = await service.gets(1)
        assert browser.decrypt(received.body)["title"]


async def test_subscriptions_are_counted_and_deleted() -> None:
    async with bench_with_push() as bench:
        ada = bench.account()
        for number in range(20):
            await subscribe(bench, ada, f"https://push.example/{number}")
        with pytest.raises(TooManySubscriptions):
            await subscribe(bench, ada, "https://push.example/21")
        newest = (await bench.ask_as(ada, ListPushSubscriptions())).items[0]
        await bench.ask_as(ada, DeletePushSubscription(subscription_id=newest.id))
        with pytest.raises(NotFound):
            await bench.ask_as(ada, DeletePushSubscription(subscription_id=newest.id))
        await subscribe(bench, ada, "https://push.example/21")


@pytest.mark.parametrize("broken", ["p256dh", "auth"])
async def test_keys_that_nothing_can_be_encrypted_for_are_refused(broken: str) -> None:
    async with bench_with_push() as bench:
        body = Browser().subscription("https://push.example/1")
        length = {"p256dh": 87, "auth": 22}[broken]
        body["keys"][broken] = "A" * length if broken == "p256dh" else "A" * 21
        with pytest.raises((ValueError, ValidationFailed)):
            await bench.ask_as(bench.account(), CreatePushSubscription.model_validate(body))
