"""A hot read while people buy, and while passwords are hashed, beside a quiet one."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import uuid4

import httpx

from benchmarks.loop_lag import lag_buckets, lag_percentile
from benchmarks.measuring import percentile
from benchmarks.numbers.purchases import credentials_of, new_buyer, new_course
from benchmarks.pace import latencies
from benchmarks.processes import ServerProcess, access_token, make_site, platform
from benchmarks.registry import Figure, at_least, at_most, told

ASKED_BUYING, ASKED_HASHING = 2.0, 2.5
ASKED_CAPTURED = 0.99
PURCHASES = 20.0
"""A second, as they are ordered."""
SIGN_INS = 2
"""People who sign in, again as soon as they have."""
READS = 100.0
SECONDS = 6.0
ROUNDS = 3
BUYERS = 20
COURSES = int(PURCHASES * SECONDS * ROUNDS / BUYERS) + 2


@dataclass
class _Shop:
    """A platform with buyers and courses, and orders that nobody has made yet."""

    server: ServerProcess
    headers: dict[str, str]
    buyers: list[dict[str, str]]
    courses: list[str]
    orders: list[tuple[dict[str, str], str]] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        base = f"{self.server.url}/api/v1"
        return httpx.AsyncClient(base_url=base, headers={"X-Tenant": "acme"}, timeout=60)


def measure() -> Iterator[Figure]:
    """Quiet, busy buying and busy hashing take turns; reads come at a steady pace all the time."""
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder) / "site")
        with platform(site, "logging.access=false") as server:
            shop = asyncio.run(_opened(server))
            reads: dict[str, list[float]] = {"quiet": [], "buying": [], "hashing": []}
            done: dict[str, list[float]] = {"buying": [], "hashing": []}
            lags: dict[str, list[float]] = {"buying": [], "hashing": []}
            for _ in range(ROUNDS):
                reads["quiet"].append(_read(shop))
                for name, work in (("buying", _buying), ("hashing", _hashing)):
                    before = lag_buckets(server)
                    found, rate = _while(shop, work)
                    lags[name].append(lag_percentile(before, lag_buckets(server), 0.99))
                    reads[name].append(found)
                    done[name].append(rate)
                    # Or what is left of the purchases would go on beside the sign-ins.
                    asyncio.run(_settled(shop))
    yield from _figures(reads, done)
    for name, found_lags in lags.items():
        lag = f"within {median(found_lags) * 1e3:g} ms"
        yield told(f"lag of the event loop while {name}, 99 of a hundred", lag)


def _figures(reads: dict[str, list[float]], done: dict[str, list[float]]) -> Iterator[Figure]:
    found = {name: median(samples) for name, samples in reads.items()}
    bought, signed_in = (median(done[name]) for name in ("buying", "hashing"))
    quiet, beside_buying = found["quiet"], found["buying"]
    beside = f"{beside_buying:.1f} and {quiet:.1f} ms, with {bought:.1f} captured a second"
    yield at_most(
        f"p99 of a hot read while {PURCHASES:g} purchases a second are ordered / quiet",
        ASKED_BUYING,
        beside_buying / quiet,
        "times",
        beside,
    )
    yield at_least("of those ordered, captured meanwhile", ASKED_CAPTURED, bought / PURCHASES)
    yield at_most(
        f"p99 of a hot read while {SIGN_INS} people sign in without a pause / quiet",
        ASKED_HASHING,
        found["hashing"] / quiet,
        "times",
        f"{found['hashing']:.1f} ms, with {signed_in:.1f} signed in a second",
    )


def _read(shop: _Shop) -> float:
    """The 99th percentile, in milliseconds."""
    path = f"/api/v1/courses/{shop.courses[0]}"
    found = latencies(shop.server.port, path, shop.headers, rate=READS, seconds=SECONDS)
    return percentile(found, 0.99)


def _while(shop: _Shop, work: Callable[[_Shop], Awaitable[float]]) -> tuple[float, float]:
    """The read beside some work: how long it took, and how much of the work was done a second."""
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(lambda: asyncio.run(work(shop)))  # type: ignore[arg-type]
        return _read(shop), working.result()


async def _buying(shop: _Shop) -> float:
    """Order at a steady pace; how many were captured a second when the time was over."""
    async with shop.client() as client:
        before = await _captured(client, shop)
        started, asked = time.perf_counter(), []
        for number in range(int(PURCHASES * SECONDS)):
            await asyncio.sleep(max(0.0, started + number / PURCHASES - time.perf_counter()))
            asked.append(asyncio.create_task(_order(client, *shop.orders.pop())))
        await asyncio.gather(*asked)
        seconds = time.perf_counter() - started
        return (await _captured(client, shop) - before) / seconds


async def _order(client: httpx.AsyncClient, buyer: dict[str, str], course: str) -> None:
    body = {"course_id": course, "method": "tok_ok"}
    headers = {**buyer, "Idempotency-Key": uuid4().hex}
    (await client.post("/payments", json=body, headers=headers)).raise_for_status()


async def _captured(client: httpx.AsyncClient, shop: _Shop) -> int:
    """How many payments were captured, by the revenue that the ledger has of them."""
    answer = await client.get("/balances?limit=100", headers=shop.headers)
    accounts = answer.raise_for_status().json()["items"]
    return sum(
        -account["balance"]["amount"] // 4900
        for account in accounts
        if account["account"] == "external:sandbox"
    )


async def _hashing(shop: _Shop) -> float:
    """Sign in, again and again; how often a second. These are others than buy, whose sessions
    would be the oldest and end."""
    until, done = time.perf_counter() + SECONDS, 0
    async with shop.client() as client:

        async def sign_in(number: int) -> None:
            nonlocal done
            person = credentials_of(BUYERS + number)
            while time.perf_counter() < until:
                (await client.post("/auth/login", json=person)).raise_for_status()
                done += 1

        await asyncio.gather(*(sign_in(number) for number in range(SIGN_INS)))
    return done / SECONDS


async def _settled(shop: _Shop) -> None:
    """Wait until no purchase is under way, so that the next round begins quietly."""
    async with shop.client() as client, asyncio.timeout(180):
        for status in ("pending", "authorized", "unknown"):
            path = f"/payments?status={status}&limit=1"
            while (await client.get(path, headers=shop.headers)).json()["items"]:
                await asyncio.sleep(0.2)


async def _opened(server: ServerProcess) -> _Shop:
    headers = {"X-Tenant": "acme", "Authorization": f"Bearer {access_token(server)}"}
    shop = _Shop(server, headers, [], [])
    async with shop.client() as client:
        shop.courses = [await new_course(client, headers) for _ in range(COURSES)]
        shop.buyers = [await new_buyer(client, number) for number in range(BUYERS)]
        for number in range(SIGN_INS):
            await new_buyer(client, BUYERS + number)
        shop.orders = [(buyer, course) for course in shop.courses[1:] for buyer in shop.buyers]
        # The first purchase of each buyer warms what is remembered of them.
        await asyncio.gather(*(_order(client, buyer, shop.courses[0]) for buyer in shop.buyers))
    await _settled(shop)
    return shop
