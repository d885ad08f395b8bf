"""Pages of other origins, before a process in front: it answers for those behind it."""

from gateway_house import Echo, House

from colonnade_runtime.edge.http.cross_origin import CrossOrigin

APP, FOREIGN = "https://app.example", "https://evil.example"
ORIGINS = CrossOrigin(frozenset({APP.encode()}), {}, {"acme.test": "acme"})


async def test_the_process_in_front_answers_a_preflight_itself(house: House) -> None:
    echo = Echo()
    client = await house.open_gateway(await house.process(echo))
    house.gateway.cross_origin = ORIGINS
    asked = {"Origin": APP, "Access-Control-Request-Method": "POST", "Host": "acme.test"}
    answer = await client.options("/every", headers=asked)
    assert (answer.status_code, echo.requests) == (204, 0)
    assert answer.headers["access-control-allow-origin"] == APP


async def test_an_answer_from_behind_is_for_the_origins_that_are_let_in(house: House) -> None:
    client = await house.open_gateway(await house.process(Echo()))
    house.gateway.cross_origin = ORIGINS
    for origin, named in ((APP, APP), (FOREIGN, None)):
        answer = await client.get("/every", headers={"Origin": origin})
        assert answer.status_code == 200
        assert answer.headers.get("access-control-allow-origin") == named
        assert "Origin" in answer.headers["vary"]


async def test_a_page_learns_that_nobody_answers(house: House) -> None:
    client = await house.open_gateway()
    house.gateway.cross_origin = ORIGINS
    answer = await client.get("/every", headers={"Origin": APP})
    assert answer.status_code == 503
    assert answer.headers["access-control-allow-origin"] == APP
