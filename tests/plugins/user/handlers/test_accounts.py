"""Who sees and changes which account."""

from uuid import uuid4

import pytest
from user_academy import PASSWORD, Academy, pointers

NOBODY = "0190a000-0000-7000-8000-000000000000"


async def test_a_learner_sees_no_account_but_their_own(acme: Academy) -> None:
    ada, eve = await acme.learner(), await acme.learner("Eve")

    assert (await ada.get(f"/users/{ada.id}")).status_code == 200
    assert (await ada.get(f"/users/{eve.id}")).status_code == 404
    assert [user["id"] for user in (await ada.get("/users")).json()["items"]] == [ada.id]


async def test_anothers_account_is_like_none(acme: Academy) -> None:
    ada, eve = await acme.learner(), await acme.learner("Eve")

    hidden = (await ada.get(f"/users/{eve.id}")).json()
    absent = (await ada.get(f"/users/{uuid4()}")).json()

    assert (hidden["type"], hidden["detail"]) == (absent["type"], absent["detail"])


async def test_an_admin_sees_everybody_with_addresses(acme: Academy) -> None:
    admin, ada = await acme.with_role("admin"), await acme.learner()

    users = {user["id"]: user for user in (await admin.get("/users")).json()["items"]}

    assert users[ada.id]["email"] == ada.email
    assert len(users) == 3


async def test_an_instructor_sees_learners_by_name_only(acme: Academy) -> None:
    teacher, ada = await acme.with_role("instructor"), await acme.learner()

    users = {user["id"]: user for user in (await teacher.get("/users")).json()["items"]}

    assert set(users) == {teacher.id, ada.id}
    assert users[ada.id]["email"] is None
    assert users[teacher.id]["email"] == teacher.email


async def test_an_instructor_cannot_guess_an_address_by_searching(acme: Academy) -> None:
    teacher, ada = await acme.with_role("instructor"), await acme.learner()

    found = (await teacher.get(f"/users?q={ada.email}")).json()["items"]

    assert found == []


@pytest.mark.parametrize("path", ["/users", "/users/me", f"/users/{NOBODY}", "/sessions"])
async def test_strangers_see_no_accounts(acme: Academy, path: str) -> None:
    assert (await acme.get(path)).status_code == 401


async def test_a_list_is_filtered_by_role_status_and_text(acme: Academy) -> None:
    owner = await acme.owner()
    teacher, ada = await acme.with_role("instructor"), await acme.learner("Ädelheid")
    await owner.patch(f"/users/{ada.id}", {"status": "suspended"})

    async def found(query: str) -> list[str]:
        return [user["id"] for user in (await owner.get(f"/users?{query}")).json()["items"]]

    assert await found("role=instructor") == [teacher.id]
    assert await found("status=suspended") == [ada.id]
    assert await found("q=äDEL") == [ada.id]
    assert await found("q=a%CC%88del") == [ada.id]
    assert await found("q=%25") == []
    assert await found("sort=created_at&role=owner") == [owner.id]


async def test_a_list_comes_in_pages_newest_first(acme: Academy) -> None:
    owner = await acme.owner()
    people = [await acme.learner() for _ in range(3)]

    first = await owner.get("/users?limit=2")
    second = await owner.get(f"/users?limit=2&cursor={first.json()['next_cursor']}")

    seen = [user["id"] for page in (first, second) for user in page.json()["items"]]
    assert seen == [*(person.id for person in reversed(people)), owner.id]
    assert 'rel="next"' in first.headers["Link"]
    assert second.json()["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("role=king", 422),
        ("status=", 422),
        ("sort=name", 422),
        ("limit=0", 422),
        ("limit=101", 422),
        ("limit=many", 422),
        ("q=" + "x" * 101, 422),
        ("colour=red", 422),
        ("role=admin&role=owner", 422),
        ("cursor=nonsense", 400),
        ("cursor=W10", 400),
    ],
)
async def test_a_wrong_query_is_a_problem_that_names_it(
    acme: Academy, query: str, status: int
) -> None:
    owner = await acme.owner()

    response = await owner.get(f"/users?{query}")

    assert response.status_code == status
    assert pointers(response) == {"?" + query.partition("=")[0]}


async def test_an_admin_gives_roles_up_to_their_own(acme: Academy) -> None:
    admin, ada = await acme.with_role("admin"), await acme.learner()

    for role in ("instructor", "admin", "learner"):
        response = await admin.patch(f"/users/{ada.id}", {"role": role})
        assert (response.status_code, response.json()["role"]) == (200, role)


async def test_an_admin_makes_no_owner(acme: Academy) -> None:
    admin, ada = await acme.with_role("admin"), await acme.learner()

    assert (await admin.patch(f"/users/{ada.id}", {"role": "owner"})).status_code == 403
    assert (await admin.patch(f"/users/{admin.id}", {"role": "owner"})).status_code == 403
    assert (await ada.get("/users/me")).json()["role"] == "learner"


@pytest.mark.parametrize("change", [{"role": "learner"}, {"status": "suspended"}])
async def test_an_admin_touches_no_owner(acme: Academy, change: dict[str, str]) -> None:
    admin, owner = await acme.with_role("admin"), await acme.owner()

    assert (await admin.patch(f"/users/{owner.id}", change)).status_code == 403
    assert (await admin.delete(f"/users/{owner.id}")).status_code == 403
    assert (await owner.get("/users/me")).json()["role"] == "owner"


async def test_an_owner_does_not_depose_another_owner(acme: Academy) -> None:
    owner, second = await acme.owner(), await acme.with_role("owner")

    response = await owner.patch(f"/users/{second.id}", {"role": "admin"})

    assert response.status_code == 403
    assert response.json()["type"].endswith("user.owner_protected")


async def test_an_owner_steps_down_while_another_is_left(acme: Academy) -> None:
    owner, second = await acme.owner(), await acme.with_role("owner")

    down = await second.patch(f"/users/{second.id}", {"role": "admin"})
    last = await owner.patch(f"/users/{owner.id}", {"role": "admin"})

    assert down.status_code == 200
    assert last.status_code == 409
    assert last.json()["type"].endswith("user.last_owner")


async def test_the_last_owner_neither_leaves_nor_suspends_themself(acme: Academy) -> None:
    owner = await acme.owner()

    assert (await owner.delete(f"/users/{owner.id}")).status_code == 409
    suspended = await owner.patch(f"/users/{owner.id}", {"status": "suspended"})
    assert suspended.status_code == 409
    assert (await owner.get("/users/me")).status_code == 200


@pytest.mark.parametrize("role", ["learner", "instructor"])
async def test_others_change_no_account(acme: Academy, role: str) -> None:
    person, eve = await acme.with_role(role), await acme.learner("Eve")

    assert (await person.patch(f"/users/{person.id}", {"role": "admin"})).status_code == 403
    assert (await person.patch(f"/users/{eve.id}", {"status": "suspended"})).status_code in (
        403,
        404,
    )
    assert (await person.delete(f"/users/{eve.id}")).status_code in (403, 404)
    assert (await eve.get("/users/me")).json()["role"] == "learner"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"role": "king"}, "/role"),
        ({"role": None}, "/role"),
        ({"status": "gone"}, "/status"),
        ({"email": "x@y.example"}, "/email"),
        ({"user_id": "x"}, "/user_id"),
    ],
)
async def test_a_wrong_change_is_named(
    acme: Academy, change: dict[str, object], pointer: str
) -> None:
    owner, ada = await acme.owner(), await acme.learner()

    response = await owner.patch(f"/users/{ada.id}", change)

    assert response.status_code == 422
    assert pointers(response) == {pointer}


async def test_an_id_that_is_none_is_not_found(acme: Academy) -> None:
    owner = await acme.owner()

    assert (await owner.get("/users/nobody")).status_code == 404
    assert (await owner.patch("/users/nobody", {"role": "admin"})).status_code == 404
    assert (await owner.delete("/users/nobody")).status_code == 404


async def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    tag = (await owner.get(f"/users/{ada.id}")).headers["ETag"]

    first = await owner.patch(f"/users/{ada.id}", {"role": "instructor"}, headers={"If-Match": tag})
    second = await owner.patch(f"/users/{ada.id}", {"role": "admin"}, headers={"If-Match": tag})

    assert first.status_code == 200
    assert first.headers["ETag"] != tag
    assert second.status_code == 412


async def test_a_new_role_counts_for_the_next_request(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    assert len((await ada.get("/users")).json()["items"]) == 1

    await owner.patch(f"/users/{ada.id}", {"role": "admin"})

    assert len((await ada.get("/users")).json()["items"]) == 2


async def test_suspension_counts_for_the_next_request(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    assert (await ada.get("/users/me")).status_code == 200

    await owner.patch(f"/users/{ada.id}", {"status": "suspended"})

    assert (await ada.get("/users/me")).status_code == 401
    refreshed = await acme.post("/auth/refresh", {"refresh_token": ada.tokens["refresh_token"]})
    assert refreshed.status_code == 401


async def test_the_suspended_learn_why_only_with_the_right_password(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    await owner.patch(f"/users/{ada.id}", {"status": "suspended"})

    right = await acme.post("/auth/login", {"email": ada.email, "password": PASSWORD})
    wrong = await acme.post("/auth/login", {"email": ada.email, "password": "wrong horse"})

    assert right.status_code == 403
    assert right.json()["type"].endswith("user.suspended")
    assert wrong.status_code == 401


async def test_whoever_comes_back_signs_in_again(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    await owner.patch(f"/users/{ada.id}", {"status": "suspended"})

    await owner.patch(f"/users/{ada.id}", {"status": "active"})

    assert (await ada.get("/users/me")).status_code == 401
    assert (await (await acme.login(ada.email)).get("/users/me")).status_code == 200


async def test_a_deleted_account_is_gone_with_its_address(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()

    assert (await owner.delete(f"/users/{ada.id}")).status_code == 204

    assert (await ada.get("/users/me")).status_code == 401
    assert (await owner.get(f"/users/{ada.id}")).status_code == 404
    assert (await owner.get(f"/profiles/{ada.id}")).status_code == 404
    body = {"email": ada.email, "password": PASSWORD, "name": "Another Ada"}
    again = await acme.post("/auth/register", body)
    assert again.status_code == 201
    assert again.json()["id"] != ada.id


async def test_somebody_deletes_their_own_account(acme: Academy) -> None:
    ada = await acme.learner()

    assert (await ada.delete(f"/users/{ada.id}")).status_code == 204
    assert (await ada.get("/users/me")).status_code == 401


async def test_an_account_of_another_academy_is_not_there(acme: Academy, globex: Academy) -> None:
    ada, owner = await acme.learner(), await globex.owner()

    assert (await owner.get(f"/users/{ada.id}")).status_code == 404
    assert (await owner.patch(f"/users/{ada.id}", {"role": "admin"})).status_code == 404
    assert (await owner.delete(f"/users/{ada.id}")).status_code == 404
    assert (await ada.get("/users/me")).status_code == 200


async def test_accounts_are_found_by_their_ids_as_far_as_they_may_be_seen(acme: Academy) -> None:
    owner, ada, grace = await acme.owner(), await acme.learner("Ada"), await acme.learner("Grace")
    path = f"/users?ids={ada.id},{grace.id},{'0' * 8}-0000-7000-8000-{'0' * 12}"
    assert {item["id"] for item in (await owner.get(path)).json()["items"]} == {ada.id, grace.id}
    assert [item["id"] for item in (await ada.get(path)).json()["items"]] == [ada.id]
    assert (await owner.get("/users?ids=x")).status_code == 422
