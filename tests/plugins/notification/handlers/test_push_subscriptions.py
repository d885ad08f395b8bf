"""Push subscriptions: whose a browser is, and how many one may have."""

from pathlib import Path

import pytest
from push_houses import house_with_push, subscribe
from push_services import Browser, push_service

from colonnade.errors import NotFound, ValidationFailed
from colonnade_notification.api import (
    CreatePushSubscription,
    DeletePushSubscription,
    EndpointTaken,
    ListPushSubscriptions,
    TooManySubscriptions,
)


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
