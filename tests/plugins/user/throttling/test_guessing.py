"""Who guesses passwords waits, and nobody else does."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from user_academy import PASSWORD, Academy, Person
from user_bench import UserBench

from colonnade.store import Session
from colonnade_user.models import CounterRow, DeviceRow
from colonnade_user.throttling.counters import Counter, raise_counters
from colonnade_user.throttling.devices import MAXIMUM_DEVICES

HOME, SCHOOL, ELSEWHERE = "203.0.113.7", "198.51.100.9", "192.0.2.1"
TIGHT = {"free": 3, "window": "1h", "first_wait": "10s", "longest_wait": "30s"}


async def sign_in(
    academy: Academy, email: str, password: str, client: str, device: str | None = None
) -> httpx.Response:
    body = {"email": email, "password": password}
    if device is not None:
        body["device_token"] = device
    return await academy.send("POST", "/auth/login", body, headers={"X-Forwarded-For": client})


async def guesses(academy: Academy, email: str, count: int, client: str) -> list[int]:
    answers = [await sign_in(academy, email, f"wrong {n}", client) for n in range(count)]
    return [answer.status_code for answer in answers]


def declared(**throttle: dict[str, Any]) -> pytest.MarkDecorator:
    """Allowances that an operator declares in place of the usual ones."""
    return pytest.mark.parametrize("config", [{"throttle": throttle}], ids=list(throttle))


async def device_of(academy: Academy, person: Person, client: str) -> str:
    answer = await sign_in(academy, person.email, PASSWORD, client)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["device_token"])


async def test_after_five_wrong_passwords_the_sender_waits_and_is_told_how_long(
    acme: Academy,
) -> None:
    ada = await acme.learner()

    assert await guesses(acme, ada.email, 6, ELSEWHERE) == [401] * 6
    refused = await sign_in(acme, ada.email, PASSWORD, ELSEWHERE)

    assert refused.status_code == 429
    assert refused.json()["type"].endswith("too_many_requests")
    assert 25 <= int(refused.headers["Retry-After"]) <= 30


async def test_a_stranger_locks_nobody_out_at_home(acme: Academy) -> None:
    ada = await acme.learner()
    assert (await guesses(acme, ada.email, 8, ELSEWHERE))[-1] == 429

    assert (await sign_in(acme, ada.email, PASSWORD, HOME)).status_code == 200


async def test_a_classmate_in_the_same_network_locks_out_no_known_device(acme: Academy) -> None:
    ada = await acme.learner()
    device = await device_of(acme, ada, SCHOOL)
    assert (await guesses(acme, ada.email, 8, SCHOOL))[-1] == 429

    answer = await sign_in(acme, ada.email, PASSWORD, SCHOOL, device)

    assert answer.status_code == 200
    assert answer.json()["device_token"] == device


async def test_a_known_device_waits_for_its_own_guesses(acme: Academy) -> None:
    ada = await acme.learner()
    device = await device_of(acme, ada, SCHOOL)

    wrong = [
        (await sign_in(acme, ada.email, f"wrong {n}", SCHOOL, device)).status_code for n in range(7)
    ]

    assert wrong == [401] * 6 + [429]
    assert (await sign_in(acme, ada.email, PASSWORD, SCHOOL)).status_code == 200


async def test_a_device_of_one_account_is_a_stranger_to_another(acme: Academy) -> None:
    ada, grace = await acme.learner(), await acme.learner("Grace")
    device = await device_of(acme, grace, ELSEWHERE)

    wrong = [
        (await sign_in(acme, ada.email, f"wrong {n}", ELSEWHERE, device)).status_code
        for n in range(7)
    ]

    assert wrong == [401] * 6 + [429]


@pytest.mark.parametrize("device", ["x", "x" * 200, "\u00e9"])
async def test_an_invented_device_is_no_known_one(acme: Academy, device: str) -> None:
    ada = await acme.learner()

    answer = await sign_in(acme, ada.email, PASSWORD, HOME, device)

    assert answer.status_code == 200
    assert answer.json()["device_token"] not in {device, None}


async def test_an_address_that_is_nobodys_is_answered_alike(acme: Academy) -> None:
    ada = await acme.learner()

    known = await guesses(acme, ada.email, 8, ELSEWHERE)
    unknown = await guesses(acme, "nobody@people.example", 8, ELSEWHERE)

    assert known == unknown


async def test_no_way_of_writing_an_address_begins_anew(acme: Academy) -> None:
    ada = await acme.learner()
    await guesses(acme, ada.email, 6, ELSEWHERE)

    assert await guesses(acme, ada.email.upper(), 1, ELSEWHERE) == [429]


async def test_waits_grow_and_end(acme: Academy, bench: UserBench) -> None:
    ada = await acme.learner()
    await guesses(acme, ada.email, 6, ELSEWHERE)

    bench.clock.advance(seconds=31)
    assert await guesses(acme, ada.email, 2, ELSEWHERE) == [401, 429]
    bench.clock.advance(seconds=31)
    assert await guesses(acme, ada.email, 1, ELSEWHERE) == [429]
    bench.clock.advance(hours=2)
    assert (await sign_in(acme, ada.email, PASSWORD, ELSEWHERE)).status_code == 200


async def test_a_right_password_clears_what_was_counted_for_it(acme: Academy) -> None:
    ada = await acme.learner()
    for _ in range(3):
        assert await guesses(acme, ada.email, 4, HOME) == [401] * 4
        assert (await sign_in(acme, ada.email, PASSWORD, HOME)).status_code == 200


async def test_of_many_guesses_at_once_no_more_are_tried_than_are_free(acme: Academy) -> None:
    ada = await acme.learner()

    answers = await asyncio.gather(
        *(sign_in(acme, ada.email, f"wrong {n}", ELSEWHERE) for n in range(20))
    )

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) <= 6
    assert set(statuses) == {401, 429}


@declared(network=TIGHT)
async def test_one_password_for_many_accounts_makes_its_network_wait(acme: Academy) -> None:
    ada = await acme.learner()
    device = await device_of(acme, ada, SCHOOL)

    sprayed = [
        (await sign_in(acme, f"pupil-{n}@people.example", "spring 2026", SCHOOL)).status_code
        for n in range(6)
    ]

    assert sprayed == [401] * 4 + [429] * 2
    assert (await sign_in(acme, ada.email, PASSWORD, SCHOOL, device)).status_code == 200
    assert (await sign_in(acme, ada.email, PASSWORD, HOME)).status_code == 200


@declared(account=TIGHT)
async def test_many_networks_against_one_account_are_slowed_down_together(acme: Academy) -> None:
    ada = await acme.learner()
    device = await device_of(acme, ada, HOME)

    statuses = [(await guesses(acme, ada.email, 1, f"192.0.2.{n}"))[0] for n in range(6)]
    refused = await sign_in(acme, ada.email, PASSWORD, "192.0.2.99")

    assert statuses == [401] * 4 + [429] * 2
    assert int(refused.headers["Retry-After"]) <= 30
    assert (await sign_in(acme, ada.email, PASSWORD, HOME)).status_code == 200
    assert (await sign_in(acme, ada.email, PASSWORD, "192.0.2.98", device)).status_code == 200


async def test_a_class_of_thirty_signs_in_at_once(acme: Academy) -> None:
    pupils = [await acme.learner("Pupil") for _ in range(10)] * 3

    wrong = await asyncio.gather(*(sign_in(acme, pupil.email, "wrong", SCHOOL) for pupil in pupils))
    right = await asyncio.gather(
        *(sign_in(acme, pupil.email, PASSWORD, SCHOOL) for pupil in pupils)
    )

    assert {answer.status_code for answer in wrong} == {401}
    assert {answer.status_code for answer in right} == {200}


async def test_replicas_count_together(tmp_path: Path) -> None:
    first, second = (UserBench(folder=tmp_path, replica=number) for number in (1, 2))
    async with first, second:
        ada = await first.academy("acme").learner()
        await guesses(first.academy("acme"), ada.email, 3, ELSEWHERE)

        answers = await guesses(second.academy("acme"), ada.email, 4, ELSEWHERE)

    assert answers == [401] * 3 + [429]


async def test_academies_count_apart(acme: Academy, globex: Academy) -> None:
    ada = await acme.learner()
    await guesses(acme, ada.email, 6, ELSEWHERE)

    assert await guesses(globex, ada.email, 1, ELSEWHERE) == [401]


async def test_a_clock_that_is_set_back_locks_nobody_out(acme: Academy, bench: UserBench) -> None:
    ada = await acme.learner()
    await guesses(acme, ada.email, 6, ELSEWHERE)

    bench.clock.advance(days=-30)

    assert (await sign_in(acme, ada.email, PASSWORD, ELSEWHERE)).status_code == 200


async def test_a_new_password_makes_every_device_a_stranger(
    acme: Academy, bench: UserBench
) -> None:
    ada = await acme.learner()
    await device_of(acme, ada, HOME)
    body = {"current_password": PASSWORD, "new_password": "battery staple"}
    assert (await ada.post("/auth/password", body)).status_code == 204

    assert await bench.read(lambda session: session.scalars(select(DeviceRow)).all()) == []


async def test_wrong_current_passwords_make_their_session_wait(acme: Academy) -> None:
    ada = await acme.learner()
    elsewhere = await acme.login(ada.email)
    body = {"current_password": "wrong horse", "new_password": "battery staple"}

    statuses = [(await ada.post("/auth/password", body)).status_code for _ in range(7)]

    assert statuses == [422] * 6 + [429]
    right = {**body, "current_password": PASSWORD}
    assert (await elsewhere.post("/auth/password", right)).status_code == 204


@declared(tokens=TIGHT)
async def test_invented_refresh_tokens_make_nobody_else_wait(acme: Academy) -> None:
    ada = await acme.learner()

    async def refresh(token: str) -> int:
        answer = await acme.send(
            "POST", "/auth/refresh", {"refresh_token": token}, headers={"X-Forwarded-For": SCHOOL}
        )
        return answer.status_code

    assert [await refresh(f"invented {n}") for n in range(6)] == [401] * 4 + [429] * 2
    assert await refresh(ada.tokens["refresh_token"]) == 200


@declared(registrations=TIGHT)
async def test_registrations_of_strangers_are_bounded_per_network(acme: Academy) -> None:
    owner = await acme.owner()

    def body(number: int) -> dict[str, str]:
        return {"email": f"new-{number}@people.example", "password": PASSWORD, "name": "New"}

    async def register(number: int, client: str) -> int:
        answer = await acme.send(
            "POST", "/auth/register", body(number), headers={"X-Forwarded-For": client}
        )
        return answer.status_code

    assert [await register(n, SCHOOL) for n in range(6)] == [201] * 4 + [429] * 2
    assert await register(7, HOME) == 201
    added = await owner.post("/auth/register", body(8), headers={"X-Forwarded-For": SCHOOL})
    assert added.status_code == 201


async def test_counters_and_devices_are_bounded_and_pruned(acme: Academy, bench: UserBench) -> None:
    ada = await acme.learner()
    allowance = bench.service_context().config.throttle.network

    def flood(session: Session) -> None:
        counters = [Counter("network", (str(n),), allowance) for n in range(300)]
        raise_counters(session, counters, maximum_rows=150)

    await bench.run(flood)
    count = select(func.count()).select_from(CounterRow)
    assert 0 < int(await bench.read(lambda session: session.scalar(count)) or 0) <= 150
    for _ in range(MAXIMUM_DEVICES + 3):
        await device_of(acme, ada, HOME)
    devices = select(func.count()).select_from(DeviceRow)
    assert await bench.read(lambda session: session.scalar(devices)) == MAXIMUM_DEVICES
    bench.clock.advance(days=400)
    await bench.run_schedule("prune")
    assert await bench.read(lambda session: session.scalar(count)) == 0
    assert await bench.read(lambda session: session.scalar(devices)) == 0


async def test_neither_networks_nor_strange_addresses_nor_device_tokens_are_written_down(
    acme: Academy, bench: UserBench
) -> None:
    ada = await acme.learner()
    await guesses(acme, "nobody@people.example", 2, ELSEWHERE)
    device = await device_of(acme, ada, HOME)

    written = b"".join(file.read_bytes() for file in bench.folder.rglob("*") if file.is_file())

    for text in (ELSEWHERE, HOME, "nobody@people.example", device):
        assert text.encode() not in written
