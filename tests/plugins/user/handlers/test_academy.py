"""What an academy says of itself to anybody, and what its owner may change of that."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from user_academy import Academy, pointers
from user_bench import DEVELOPMENT, UserBench

EDITABLE = ["name", "branding", "locale", "timezone"]
COMMENTED = """\
# Acme, by hand
version: 1
id: acme
name: Acme   # as on the door
owner: {email: Owner@acme.example, password: {secret: env:USER_BENCH_OWNER_PASSWORD}}

currency: EUR
branding:  # looks
  primary_color: "#0b5fff"  # blue
timezone: Asia/Tokyo
"""


@pytest.fixture
def platform() -> dict[str, Any]:
    return {**DEVELOPMENT, "tenants": {"watch": True, "editable": EDITABLE}}


@pytest.fixture
async def file(acme: Academy, bench: UserBench) -> Path:
    """The academy's file, as somebody wrote it, taken up."""
    path = bench.folder / "tenants" / "acme.yaml"
    await write(path, COMMENTED, bench, acme)
    return path


async def write(path: Path, text: str, bench: UserBench, acme: Academy) -> None:
    """Write the file, and wait until the platform has taken it up."""
    zone = yaml.safe_load(text).get("timezone", "UTC")
    path.write_text(text)

    async def taken_up() -> bool:
        return bool((await acme.get("/academy")).json()["timezone"] == zone)

    await bench.until(taken_up)


async def test_anybody_reads_what_a_front_end_shows_first(acme: Academy) -> None:
    answer = await acme.get("/academy")

    assert answer.status_code == 200
    assert answer.json() == {
        "id": "acme",
        "name": "Acme",
        "branding": {
            "title": None,
            "primary_color": None,
            "accent_color": None,
            "logo": None,
            "website": None,
            "support_email": None,
        },
        "locale": "en",
        "timezone": "UTC",
        "currency": "EUR",
        "sign_in": ["password"],
        "registration": "open",
        "limits": {
            "request_body": 2**20,
            "page": 100,
            "password_minimum": 8,
            "password_maximum": 128,
        },
        "editable": EDITABLE,
    }


async def test_an_academy_that_adds_people_itself_says_so(cloister: Academy) -> None:
    assert (await cloister.get("/academy")).json()["registration"] == "closed"


@pytest.mark.parametrize("config", [{"registration": {"confirm": True}}])
async def test_confirmed_registration_is_told(acme: Academy) -> None:
    assert (await acme.get("/academy")).json()["registration"] == "confirmed"


async def test_the_owner_changes_the_file_and_comments_stay(
    acme: Academy, globex: Academy, file: Path
) -> None:
    owner = await acme.owner()
    change = {
        "name": "Acme & Söhne: ${HOME} $1",
        "branding": {"title": "yes", "website": "https://acme.example/?a=1#b"},
        "timezone": "Europe/Berlin",
    }
    answer = await owner.patch("/academy", change)

    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == "Acme & Söhne: ${HOME} $1"
    assert answer.json()["branding"]["primary_color"] == "#0b5fff"
    assert answer.json()["branding"]["title"] == "yes"
    assert (await acme.get("/academy")).json() == answer.json()
    assert (await globex.get("/academy")).json()["name"] == "Globex"
    assert (
        file.read_text()
        == """\
# Acme, by hand
version: 1
id: acme
name: "Acme & Söhne: $${HOME} $$1"   # as on the door
owner: {email: Owner@acme.example, password: {secret: env:USER_BENCH_OWNER_PASSWORD}}

currency: EUR
branding:  # looks
  primary_color: "#0b5fff"  # blue
  title: "yes"
  website: "https://acme.example/?a=1#b"
timezone: Europe/Berlin
"""
    )


async def test_null_takes_a_part_of_the_branding_away(acme: Academy, file: Path) -> None:
    owner = await acme.owner()
    answer = await owner.patch("/academy", {"branding": {"primary_color": None}})

    assert answer.json()["branding"]["primary_color"] is None
    assert "# blue" in file.read_text()


async def test_what_the_file_would_refuse_is_refused_with_pointers(
    acme: Academy, file: Path
) -> None:
    owner = await acme.owner()
    wrong = {"branding": {"primary_color": "blue"}, "timezone": "Europe/Berln", "locale": "de_AT"}
    answer = await owner.patch("/academy", wrong)

    assert answer.status_code == 422
    assert pointers(answer) == {"/branding/primary_color", "/timezone", "/locale"}
    assert "Europe/Berlin" in answer.text
    assert file.read_text() == COMMENTED


async def test_a_name_over_two_lines_is_refused(acme: Academy, file: Path) -> None:
    owner = await acme.owner()
    answer = await owner.patch("/academy", {"name": "Acme\nstatus: suspended"})

    assert (answer.status_code, pointers(answer)) == (422, {"/name"})
    assert file.read_text() == COMMENTED


@pytest.mark.parametrize("role", ["admin", "instructor", "learner"])
async def test_only_the_owner_changes_an_academy(acme: Academy, file: Path, role: str) -> None:
    person = await acme.with_role(role)
    answer = await person.patch("/academy", {"name": "Mine"})

    assert answer.status_code in (403, 404)
    assert file.read_text() == COMMENTED


async def test_nobody_changes_an_academy_without_signing_in(acme: Academy, file: Path) -> None:
    assert (await acme.send("PATCH", "/academy", {"name": "Mine"})).status_code == 401
    assert file.read_text() == COMMENTED


async def test_a_value_from_a_variable_is_left_to_its_writer(
    acme: Academy, file: Path, bench: UserBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await acme.owner()
    monkeypatch.setenv("ACADEMY_NAME", "Acme of the environment")
    written = COMMENTED.replace("name: Acme ", "name: ${ACADEMY_NAME} ")
    written = written.replace("Tokyo", "Seoul")
    await write(file, written, bench, acme)
    answer = await owner.patch("/academy", {"name": "Mine"})

    assert (answer.status_code, answer.json()["code"]) == (409, "user.declared_in_file")
    assert "variable" in answer.json()["detail"]
    assert str(file.parent) not in answer.text
    assert file.read_text() == written


async def test_a_linked_file_is_left_to_whoever_keeps_it(
    acme: Academy, file: Path, bench: UserBench
) -> None:
    owner = await acme.owner()
    kept = bench.folder / "kept.yaml"
    file.replace(kept)
    file.symlink_to(kept)
    answer = await owner.patch("/academy", {"name": "Mine"})

    assert (answer.status_code, answer.json()["code"]) == (409, "user.declared_in_file")
    assert kept.read_text() == COMMENTED


async def test_changes_at_once_are_all_in_the_file(acme: Academy, file: Path) -> None:
    owner = await acme.owner()
    changes = [
        {"name": "Acme Academy"},
        {"locale": "de"},
        {"timezone": "Europe/Vienna"},
        {"branding": {"title": "Acme"}},
    ]
    answers = await asyncio.gather(*(owner.patch("/academy", change) for change in changes))

    assert [answer.status_code for answer in answers] == [200] * 4
    declared = yaml.safe_load(file.read_text())
    assert (declared["name"], declared["locale"]) == ("Acme Academy", "de")
    assert (declared["timezone"], declared["branding"]["title"]) == ("Europe/Vienna", "Acme")


async def test_another_broken_file_is_not_blamed_on_the_owner(
    acme: Academy, file: Path, bench: UserBench
) -> None:
    owner = await acme.owner()
    (bench.folder / "tenants" / "globex.yaml").write_text("version: 1\n")
    answer = await owner.patch("/academy", {"name": "Mine"})

    assert answer.status_code == 409
    assert "globex" not in answer.text
    assert file.read_text() == COMMENTED


class TestWithoutLeave:
    """Nothing is editable unless the platform says so."""

    @pytest.fixture
    def platform(self) -> dict[str, Any]:
        return DEVELOPMENT

    async def test_nothing_is_changed(self, acme: Academy, bench: UserBench) -> None:
        owner = await acme.owner()
        before = (bench.folder / "tenants" / "acme.yaml").read_bytes()
        answer = await owner.patch("/academy", {"branding": {"title": "Mine"}})

        assert (answer.status_code, answer.json()["code"]) == (409, "user.declared_in_file")
        assert answer.json()["details"] == {"keys": ["branding.title"]}
        assert (bench.folder / "tenants" / "acme.yaml").read_bytes() == before


class TestWithLeaveForOnePart:
    @pytest.fixture
    def platform(self) -> dict[str, Any]:
        return {**DEVELOPMENT, "tenants": {"watch": True, "editable": ["branding.title"]}}

    async def test_the_others_stay_with_the_platform(self, acme: Academy, file: Path) -> None:
        owner = await acme.owner()
        both = {"title": "Acme", "website": "https://acme.example"}
        answer = await owner.patch("/academy", {"branding": both})
        assert answer.status_code == 409
        assert file.read_text() == COMMENTED

        answer = await owner.patch("/academy", {"branding": {"title": "Acme"}})
        assert answer.status_code == 200
