"""People choose who sees which field of what they tell about themselves."""

from typing import Any
from uuid import uuid4

import pytest
from user_academy import Academy, pointers


async def test_a_new_profile_tells_members_the_name_and_strangers_nothing(acme: Academy) -> None:
    ada, eve = await acme.learner(), await acme.learner("Eve")

    for_members = await eve.get(f"/profiles/{ada.id}")
    for_strangers = await acme.get(f"/profiles/{ada.id}")

    assert for_members.status_code == 200
    assert for_members.json()["name"] == "Ada"
    assert for_members.json()["visibility"] is None
    assert for_strangers.status_code in (401, 404)


async def test_each_field_is_seen_by_whom_its_owner_chose(acme: Academy) -> None:
    ada, eve = await acme.learner(), await acme.learner("Eve")
    change = {
        "headline": "Teaches",
        "location": "London",
        "website": "https://ada.example",
        "visibility": {"headline": "public", "location": "private"},
    }
    assert (await ada.patch(f"/profiles/{ada.id}", change)).status_code == 200

    own = (await ada.get(f"/profiles/{ada.id}")).json()
    members = (await eve.get(f"/profiles/{ada.id}")).json()
    strangers = (await acme.get(f"/profiles/{ada.id}")).json()

    def seen(profile: dict[str, Any]) -> tuple[object, ...]:
        return tuple(profile[name] for name in ("name", "headline", "location", "website"))

    assert seen(own) == ("Ada", "Teaches", "London", "https://ada.example")
    assert seen(members) == ("Ada", "Teaches", None, "https://ada.example")
    assert seen(strangers) == (None, "Teaches", None, None)
    assert own["visibility"]["location"] == "private"


async def test_a_wholly_private_profile_is_not_there_for_others(acme: Academy) -> None:
    ada, eve, admin = await acme.learner(), await acme.learner("Eve"), await acme.with_role("admin")
    fields = ("name", "headline", "biography", "website", "location")
    change = {"visibility": dict.fromkeys(fields, "private")}
    await ada.patch(f"/profiles/{ada.id}", change)

    assert (await eve.get(f"/profiles/{ada.id}")).status_code == 404
    assert (await ada.get(f"/profiles/{ada.id}")).status_code == 200
    assert (await admin.get(f"/profiles/{ada.id}")).json()["name"] == "Ada"


async def test_the_profile_of_somebody_suspended_is_not_there(acme: Academy) -> None:
    ada, eve, owner = await acme.learner(), await acme.learner("Eve"), await acme.owner()
    await owner.patch(f"/users/{ada.id}", {"status": "suspended"})

    assert (await eve.get(f"/profiles/{ada.id}")).status_code == 404
    assert (await owner.get(f"/profiles/{ada.id}")).status_code == 200


async def test_what_is_not_given_stays_and_null_clears(acme: Academy) -> None:
    ada = await acme.learner()
    await ada.patch(f"/profiles/{ada.id}", {"headline": "Teaches", "biography": "Long ago"})

    changed = await ada.patch(f"/profiles/{ada.id}", {"headline": None})

    assert changed.json()["headline"] is None
    assert changed.json()["biography"] == "Long ago"


async def test_a_new_name_is_the_accounts_name_and_a_new_version(acme: Academy) -> None:
    ada = await acme.learner()
    before = (await ada.get(f"/profiles/{ada.id}")).headers["ETag"]

    response = await ada.patch(f"/profiles/{ada.id}", {"name": " Ada Lovelace "})

    assert response.headers["ETag"] != before
    assert (await ada.get("/users/me")).json()["name"] == "Ada Lovelace"


async def test_nobody_writes_anothers_profile(acme: Academy) -> None:
    ada, eve, admin = await acme.learner(), await acme.learner("Eve"), await acme.with_role("admin")

    for person in (eve, admin):
        response = await person.patch(f"/profiles/{ada.id}", {"headline": "A fool"})
        assert response.status_code == 403
    assert (await ada.get(f"/profiles/{ada.id}")).json()["headline"] is None


async def test_a_profile_changed_meanwhile_is_not_overwritten(acme: Academy) -> None:
    ada = await acme.learner()
    tag = (await ada.get(f"/profiles/{ada.id}")).headers["ETag"]
    await ada.patch(f"/profiles/{ada.id}", {"headline": "First"})

    late = await ada.patch(f"/profiles/{ada.id}", {"headline": "Second"}, headers={"If-Match": tag})

    assert late.status_code == 412
    assert (await ada.get(f"/profiles/{ada.id}")).json()["headline"] == "First"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"name": "x\ny"}, "/name"),
        ({"headline": "x" * 201}, "/headline"),
        ({"biography": "x" * 5001}, "/biography"),
        ({"website": "javascript:alert(1)"}, "/website"),
        ({"website": "https://x.example/<script>"}, "/website"),
        ({"visibility": None}, "/visibility"),
        ({"visibility": {"headline": "friends"}}, "/visibility/headline"),
        ({"visibility": {"shoe_size": "public"}}, "/visibility/shoe_size"),
        ({"shoe_size": 42}, "/shoe_size"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(
    acme: Academy, change: dict[str, Any], pointer: str
) -> None:
    ada = await acme.learner()

    response = await ada.patch(f"/profiles/{ada.id}", {"location": "London"} | change)

    assert response.status_code == 422
    assert pointers(response) == {pointer}
    assert (await ada.get(f"/profiles/{ada.id}")).json()["location"] is None


async def test_no_profile_is_not_found(acme: Academy) -> None:
    ada = await acme.learner()

    assert (await ada.get(f"/profiles/{uuid4()}")).status_code == 404
    assert (await ada.get("/profiles/nobody")).status_code == 404


async def test_a_profile_of_another_academy_is_not_there(acme: Academy, globex: Academy) -> None:
    ada, hank = await acme.learner(), await globex.learner("Hank")

    assert (await hank.get(f"/profiles/{ada.id}")).status_code == 404
