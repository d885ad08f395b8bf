"""The process in front: where a path goes, what is sent again, and what never is."""

import asyncio
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from gateway_house import Echo, House, answered, place, until
from litestar import Litestar, Router

from colonnade_runtime.edge.http.access_log import AccessLog, json_lines
from colonnade_runtime.gateway.routing import Route, RouteTable, route_table
from colonnade_runtime.observability.line_writer import LineWriter
from colonnade_runtime.plugins.route_paths import API as PREFIX
from colonnade_runtime.testing.servers.server_process import free_port


async def test_a_request_arrives_as_it_was_sent(house: House) -> None:
    echo = Echo()
    client = await house.open_gateway(await house.process(echo))
    answer = await client.post("/a%2Fb/c?x=1&x=%20", content=b"body", headers={"host": "acme.test"})
    assert answer.text == "POST /a/b/c?x=1&x=%20 body"
    assert echo.seen[b"host"] == b"acme.test"
    assert echo.seen[b"forwarded"].startswith(b"for=127.0.0.1;")
    assert echo.seen[b"x-request-id"].decode() == answer.headers["x-request-id"]


async def test_the_access_line_names_the_caller_and_the_client_sees_no_such_header(
    house: House, tmp_path: Path
) -> None:
    echo = Echo()
    echo.headers = [(b"colonnade-caller", b"acme user:7"), (b"x-other", b"1")]
    with (tmp_path / "log").open("wb") as file:
        writer = LineWriter(file.fileno())
        log = AccessLog(json_lines, writer)
        client = await house.open_gateway(await house.process(echo), access_log=log)
        answer = await client.get("/courses?token=s3cret")
        await log.stop()
        writer.close(5)
    assert "colonnade-caller" not in answer.headers
    assert answer.headers["x-other"] == "1"
    line = json.loads((tmp_path / "log").read_text())
    assert (line["tenant"], line["principal"], line["client"]) == ("acme", "user:7", "127.0.0.0/24")
    assert (line["path"], line["status"]) == ("/courses", 200)
    assert line["request_id"] == answer.headers["x-request-id"]


async def test_large_bodies_go_through(house: House) -> None:
    client = await house.open_gateway(await house.process(Echo()))
    answer = await client.post("/", content=b"x" * 5_000_000)
    assert len(answer.content) > 5_000_000


async def test_a_process_that_is_gone_is_passed_over(house: House) -> None:
    echo = Echo()
    client = await house.open_gateway(place(free_port()), await house.process(echo))
    answers = [await client.post("/", content=b"small") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert echo.requests == 5


async def test_a_process_that_is_not_ready_is_passed_over_with_the_body(house: House) -> None:
    stopping, echo = Echo(), Echo()
    stopping.ready = False
    client = await house.open_gateway(await house.process(stopping), await house.process(echo))
    answer = await client.post("/", content=b"kept")
    assert answer.text.endswith("kept")
    assert echo.requests == 1


async def test_a_request_waits_for_a_process_that_starts(house: House) -> None:
    port = free_port()
    client = await house.open_gateway(place(port), patience=10.0)
    asking = asyncio.create_task(client.post("/", content=b"patient"))
    await asyncio.sleep(0.2)
    await house.process(Echo(), port)
    assert (await asking).text.endswith("patient")


async def test_nobody_at_all_is_unavailable(house: House) -> None:
    client = await house.open_gateway(place(free_port()))
    answer = await client.get("/")
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"


async def test_what_may_have_happened_is_not_sent_again(house: House) -> None:
    """The process took the order and broke the connection before it answered."""
    taken = 0

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        taken += 1
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        client = await house.open_gateway(place(server.sockets[0].getsockname()[1]), patience=2.0)
        answer = await client.post("/", content=b"order")
    assert answer.status_code == 503
    assert "may have happened" in answer.json()["detail"]
    assert taken == 1


async def test_requests_are_counted_by_route_here_too(house: House) -> None:
    client = await house.open_gateway(await house.process(Echo()))
    await client.get("/anything")
    await client.get("/nobodys")

    def counted(route: str, status: int) -> float | None:
        labels = {"method": "GET", "route": route, "status": str(status)}
        registry = house.gateway.health.registry
        return registry.get_sample_value("colonnade_http_requests_total", labels)

    async with asyncio.timeout(5):
        while counted("none", 404) is None:
            await asyncio.sleep(0.01)
    assert counted("/every", 200) == 1


def test_the_declared_path_of_a_request_is_known() -> None:
    routes = list(import_module("colonnade_course.plugin").http_routes())
    table = route_table({"course": Litestar([Router(PREFIX, route_handlers=routes)])})
    found = table.find(f"{PREFIX}/courses/7/publish")
    assert found == Route("course", f"{PREFIX}/courses/{{course_id}}/publish")


def test_a_literal_segment_wins_over_a_parameter() -> None:
    table = RouteTable()
    table.add(["api", "v1", "courses", None], "course")
    table.add(["api", "v1", "courses", "mine"], "user")
    table.add(["api", "v1", "courses", "mine", "files"], "content")
    assert table.service_of("/api/v1/courses/7") == "course"
    assert table.service_of("/api/v1/courses/mine") == "user"
    assert table.service_of("/api/v1/courses/mine/files") == "content"
    assert table.service_of("/api/v1/courses") is None
    assert table.service_of("/") is None


class Ready(Echo):
    """A process that also says whether it is ready."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/readyz":
            await answered(send, 200 if self.ready else 503, b"")
        else:
            await super().__call__(scope, receive, send)


async def test_a_process_that_says_it_stops_is_sent_nothing_until_it_is_ready(
    house: House,
) -> None:
    stopping, staying = Ready(), Ready()
    places = [await house.process(each) for each in (stopping, staying)]
    client = await house.open_gateway(*places)
    house.gateway.start()
    stopping.ready = False
    await until(lambda: [each.ready for each in house.upstreams.all] == [False, True])
    for _ in range(6):
        assert (await client.post("/", content=b"x")).status_code == 200
    assert (stopping.requests, staying.requests) == (0, 6)
    stopping.ready = True
    await until(lambda: house.upstreams.all[0].ready)
    for _ in range(6):
        assert (await client.post("/", content=b"x")).status_code == 200
    assert (stopping.requests, staying.requests) == (3, 9)


async def test_the_least_busy_process_is_asked(house: House) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    class Slow(Echo):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            begun.set()
            await go.wait()
            await super().__call__(scope, receive, send)

    slow, quick = Slow(), Echo()
    client = await house.open_gateway(await house.process(slow), await house.process(quick))
    waiting = asyncio.create_task(client.get("/"))
    await asyncio.wait_for(begun.wait(), 10)
    for _ in range(5):
        assert (await client.get("/")).status_code == 200
    assert (slow.requests, quick.requests) == (0, 5)
    go.set()
    assert (await waiting).status_code == 200


async def test_the_front_says_which_services_nobody_answers_for(house: House) -> None:
    client = await house.open_gateway(place(free_port()))
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    said = answer.json()["waiting_for"]["processes"]
    assert said == "No process answers for: course."


async def test_a_front_that_stops_finishes_what_it_began_and_takes_no_more(house: House) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    class Slow(Echo):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            begun.set()
            await go.wait()
            await super().__call__(scope, receive, send)

    client = await house.open_gateway(await house.process(Slow()))
    waiting = asyncio.create_task(client.get("/"))
    await asyncio.wait_for(begun.wait(), 10)
    stopping = asyncio.create_task(house.gateway.stop(0.0, 10.0))
    async with asyncio.timeout(10):
        while (refused := await client.get("/")).status_code != 503:
            await asyncio.sleep(0.01)
    assert refused.json()["detail"] == "The platform is stopping."
    assert refused.headers["retry-after"] == "1"
    assert (await client.get("/readyz")).status_code == 503
    go.set()
    assert (await waiting).status_code == 200
    await stopping


async def test_every_answer_of_the_front_says_the_usual(house: House) -> None:
    client = await house.open_gateway(await house.process(Echo()))
    answers = [
        await client.get("/"),
        await client.get("/nobodys"),
        await client.get("/livez"),
        await client.get("/readyz"),
        await client.options("/livez"),
        await client.delete("/livez"),
    ]
    assert [each.status_code for each in answers[:3]] == [200, 404, 200]
    assert [each.status_code for each in answers[4:]] == [204, 405]
    for answer in answers:
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        assert answer.headers.get_list("vary") == ["Authorization, X-Tenant"]
        assert len(answer.headers.get_list("cache-control")) == 1


async def test_nobody_at_all_is_not_kept(house: House) -> None:
    client = await house.open_gateway(place(free_port()))
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
