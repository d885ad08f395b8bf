"""What the certificates service does, on a bench."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from click.testing import CliRunner
from colonnade_certificates import plugin as certificates_plugin
from colonnade_certificates.api import (
    AlreadyRevoked,
    Certificate,
    CertificateIssued,
    GetCertificate,
    GetCertificateByCode,
    ListCertificates,
    RevokeCertificate,
)
from colonnade_certificates.commands import certificate
from sqlalchemy import create_engine, text

from colonnade.errors import Forbidden, NotFound, NotVisible, Unavailable
from colonnade.identifiers import new_id
from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade_course.api import Course, EnrollmentCompleted, GetCourse
from colonnade_runtime.adapters.store.migrations import discover_migrations
from colonnade_runtime.testing import ServiceBench, example_of
from colonnade_user.api import ProfileUpdated, Role, UserDeleted, UserRegistered

ADA, PYTHON = UUID(int=7 << 76 | 2 << 62 | 1), UUID(int=7 << 76 | 2 << 62 | 2)
ACME = {
    "name": "Acme Academy",
    "branding": {"primary_color": "#0b5fff"},
    "services": {"certificates": {"config": {"signer": "Grace Hopper"}}},
}


@pytest.fixture
async def bench() -> AsyncIterator[ServiceBench]:
    async with ServiceBench(certificates_plugin, tenants={"acme": ACME, "globex": {}}) as running:
        running.stub(GetCourse, lambda request: example_of(Course, id=PYTHON, title="Python <3"))
        await running.deliver(UserRegistered(user_id=ADA, name="Ada & Co", role=Role.LEARNER))
        yield running


def completed(user_id: UUID = ADA) -> EnrollmentCompleted:
    return example_of(EnrollmentCompleted, course_id=PYTHON, user_id=user_id)


async def issued(bench: ServiceBench) -> Certificate:
    await bench.deliver(completed())
    ada = bench.person(roles={"learner"}, person_id=ADA)
    [found] = (await bench.ask(ListCertificates(), as_=ada)).items
    return found


async def test_whoever_completes_a_course_is_certified_once(bench: ServiceBench) -> None:
    found = await issued(bench)
    await bench.deliver(completed())
    assert await bench.published(CertificateIssued) == [
        CertificateIssued(
            certificate_id=found.id,
            user_id=ADA,
            course_id=PYTHON,
            code=found.code,
            course_title="Python <3",
        )
    ]


async def test_a_certificate_keeps_the_name_of_its_day(bench: ServiceBench) -> None:
    found = await issued(bench)
    await bench.deliver(ProfileUpdated(user_id=ADA, name="Countess"))
    said = await bench.ask(GetCertificateByCode(code=found.code))
    assert (said.name, said.signer, said.academy) == ("Ada & Co", "Grace Hopper", "Acme Academy")


async def test_who_is_not_known_yet_waits_for_history(bench: ServiceBench) -> None:
    with pytest.raises(Unavailable, match=r"--since 14d --to certificates:Reactions\.registered"):
        await bench.deliver(completed(new_id()))


async def test_a_course_that_may_not_be_seen_is_told_from_one_that_is_gone(
    bench: ServiceBench,
) -> None:
    bench.stub(GetCourse, NotFound("It is gone."))
    await bench.deliver(completed())
    bench.stub(GetCourse, NotVisible("There is none that you may see."))
    with pytest.raises(Unavailable, match="is not published"):
        await bench.deliver(completed())
    assert await bench.published(CertificateIssued) == []


async def test_others_certificates_are_not_there(bench: ServiceBench) -> None:
    found = await issued(bench)
    eve = bench.person(roles={"learner"})
    assert (await bench.ask(ListCertificates(), as_=eve)).items == []
    with pytest.raises(NotFound):
        await bench.ask(GetCertificate(certificate_id=found.id), as_=eve)


async def test_an_administrator_revokes_once_and_the_page_says_so(bench: ServiceBench) -> None:
    found, owner = await issued(bench), bench.person(roles={"owner"})
    revoke = RevokeCertificate(certificate_id=found.id, reason="Copied.")
    with pytest.raises(Forbidden):
        await bench.ask(revoke, as_=bench.person(roles={"learner"}, person_id=ADA))
    assert (await bench.ask(revoke, as_=owner)).revocation_reason == "Copied."
    with pytest.raises(AlreadyRevoked):
        await bench.ask(revoke, as_=owner)
    async with bench.client() as http:
        assert "was revoked" in (await http.get(f"/certificates/{found.code}")).text


async def test_anybody_with_the_link_reads_and_prints_it(bench: ServiceBench) -> None:
    found = await issued(bench)
    async with bench.client() as http:
        shown = await http.get(f"/certificates/{found.code}")
        assert shown.status_code == 200
        assert "<h1>Ada &amp; Co</h1>" in shown.text
        assert "<h2>Python &lt;3</h2>" in shown.text
        assert "border: 6px solid #0b5fff" in shown.text
        printed = await http.get(f"/certificates/{found.code}/pdf")
        assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-")
        assert printed.headers["content-type"] == "application/pdf"
        html = {"Accept": "text/html"}
        unknown = await http.get("/certificates/000000000000000", headers=html)
        assert (unknown.status_code, unknown.headers["content-type"][:9]) == (404, "text/html")
    async with bench.client(tenant="globex") as http:
        assert (await http.get(f"/certificates/{found.code}")).status_code == 404


async def test_nothing_is_kept_of_who_has_gone(bench: ServiceBench) -> None:
    found = await issued(bench)
    await bench.deliver(UserDeleted(user_id=ADA))
    with pytest.raises(NotFound):
        await bench.ask(GetCertificateByCode(code=found.code))


async def test_a_platform_may_do_without_paper() -> None:
    config = {"certificates": {"pdf": False}}
    async with ServiceBench(certificates_plugin, config=config) as bench, bench.client() as http:
        assert (await http.get("/certificates/000000000000000/pdf")).status_code == 404


def test_the_second_migration_keeps_what_was_issued() -> None:
    first, second = discover_migrations("colonnade_certificates.migrations").migrations
    engine = create_engine("sqlite://")
    with engine.begin() as plain:
        connection = plain.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        first.upgrade(connection)
        values = {"id": "a", "code": "c", "name": "Ada", "at": "2026-01-01"}
        connection.execute(
            text(
                "INSERT INTO certificates VALUES "
                "(:id, :code, :id, :id, :name, 'Python', :at, 1, :at, :at)"
            ),
            values,
        )
        second.upgrade(connection)
        [row] = connection.execute(text("SELECT name, revoked_at FROM certificates"))
    engine.dispose()
    assert tuple(row) == ("Ada", None)


def test_the_command_explains_itself() -> None:
    told = CliRunner().invoke(certificate, ["revoke", "--help"])
    assert "What its holder and administrators read." in told.output
