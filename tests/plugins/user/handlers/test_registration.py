"""People open accounts themselves, once each."""

import asyncio
from typing import Any

import pytest
from user_academy import PASSWORD, Academy, pointers


def registration(**changes: Any) -> dict[str, Any]:
    return {"email": "ada@people.example", "password": PASSWORD, "name": "Ada"} | changes


async def test_whoever_registers_is_an_active_learner(acme: Academy) -> None:
    response = await acme.post("/auth/register", registration(email="Ada@People.Example"))

    user = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"/api/v1/users/{user['id']}"
    assert response.headers["ETag"] == f'"{user["version"]}"'
    assert (user["email"], user["name"]) == ("Ada@People.Example", "Ada")
    assert (user["role"], user["status"]) == ("learner", "active")


async def test_nothing_of_the_password_comes_back(acme: Academy) -> None:
    response = await acme.post("/auth/register", registration())

    assert PASSWORD not in response.text
    assert "argon2" not in response.text


async def test_an_address_registers_once_however_it_is_written(acme: Academy) -> None:
    await acme.post("/auth/register", registration())

    again = await acme.post("/auth/register", registration(email="ADA@PEOPLE.EXAMPLE"))

    assert again.status_code == 409
    assert pointers(again) == {"/email"}
    assert again.headers["Content-Type"].startswith("application/problem+json")


async def test_of_several_at_once_with_one_address_one_registers(acme: Academy) -> None:
    answers = await asyncio.gather(
        *(acme.post("/auth/register", registration(name=f"Ada {n}")) for n in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    owner = await acme.owner()
    found = (await owner.get("/users?q=ada@people.example")).json()["items"]
    assert len(found) == 1


async def test_one_address_may_register_in_two_academies(acme: Academy, globex: Academy) -> None:
    first = await acme.post("/auth/register", registration())
    second = await globex.post("/auth/register", registration())

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"email": "nobody"}, "/email"),
        ({"email": "a@" + "b" * 300 + ".example"}, "/email"),
        ({"email": 7}, "/email"),
        ({"email": None}, "/email"),
        ({"password": "short"}, "/password"),
        ({"password": "x" * 129}, "/password"),
        ({"password": ["correct", "horse"]}, "/password"),
        ({"name": ""}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "Ada\u0000"}, "/name"),
        ({"role": "owner"}, "/role"),
        ({"status": "active"}, "/status"),
    ],
)
async def test_a_wrong_field_is_named_and_leaves_no_account(
    acme: Academy, changes: dict[str, Any], pointer: str
) -> None:
    response = await acme.post("/auth/register", registration(**changes))

    assert response.status_code == 422
    assert pointers(response) == {pointer}
    owner = await acme.owner()
    assert len((await owner.get("/users")).json()["items"]) == 1


async def test_a_missing_field_is_named(acme: Academy) -> None:
    response = await acme.post("/auth/register", {"email": "ada@people.example"})

    assert response.status_code == 422
    assert pointers(response) == {"/password", "/name"}


async def test_a_refused_password_is_not_repeated(acme: Academy) -> None:
    response = await acme.post("/auth/register", registration(password="hunter2"))

    assert response.status_code == 422
    assert "hunter2" not in response.text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b'{"email": NaN}', b"\xff"])
async def test_what_is_no_json_object_is_a_problem(acme: Academy, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await acme.send("POST", "/auth/register", content=content, headers=headers)

    assert response.status_code == (422 if content == b"" else 400)
    assert response.headers["Content-Type"].startswith("application/problem+json")


async def test_a_form_is_not_json(acme: Academy) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    content = b"email=ada@people.example"
    response = await acme.send("POST", "/auth/register", content=content, headers=headers)

    assert response.status_code == 415


async def test_a_body_of_ten_megabytes_is_refused(acme: Academy) -> None:
    response = await acme.post("/auth/register", registration(name="x" * 10_000_000))

    assert response.status_code == 413


async def test_where_registration_is_closed_nobody_registers_themself(cloister: Academy) -> None:
    response = await cloister.post("/auth/register", registration())

    assert response.status_code == 403
    assert response.json()["type"].endswith("user.registration_closed")


async def test_where_registration_is_closed_admins_add_people(cloister: Academy) -> None:
    owner = await cloister.owner()

    response = await owner.post("/auth/register", registration())

    assert response.status_code == 201
    assert await cloister.login("ada@people.example")
