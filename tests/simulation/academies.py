"""The site that simulations run on: two academies with people and courses, made once."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import yaml

from colonnade.context import Principal, PrincipalKind
from colonnade.money import Money
from colonnade.policy import PolicyEngine
from colonnade_course.api import (
    AddInstructor,
    CreateCourse,
    CreateLesson,
    CreateSection,
    PublishCourse,
)
from colonnade_runtime.assembly.declared import Declared, read_declaration
from colonnade_runtime.testing.simulation import World, is_quiet
from colonnade_user.api import RegisterUser, Role, UpdateUser

ROOT = Path(__file__).parents[2]
OWNER = Principal(PrincipalKind.USER, "01890000-0000-7000-8000-000000000001", ("owner",))
SETTINGS = (
    "bus=nats://simulated:4222",
    "tenants.watch=false",
    "logging.access=false",
    "services.payment.config.sandbox.late=20s",
    "services.payment.config.answer_within=1s",
)
NOTHING = UUID(int=0)
BUYERS = 5
SEATS = (1, 2, None)
"""Of the courses that cost something; another is free."""


@dataclass
class Academy:
    """One tenant, as its people know it."""

    tenant: str
    currency: str
    people: list[Principal] = field(default_factory=list)
    courses: list[UUID] = field(default_factory=list)
    free: UUID = NOTHING
    lesson: UUID = NOTHING


@dataclass
class Site:
    """A folder with the declaration, and beside it the data that every simulation begins with."""

    declared: Declared
    academies: list[Academy]

    @property
    def folder(self) -> Path:
        """Folder of platform.yaml."""
        return self.declared.loaded.root

    def restore(self) -> None:
        """Put the data back as it was at the beginning."""
        shutil.rmtree(self.folder / "var", ignore_errors=True)
        shutil.copytree(self.folder / "beginning", self.folder / "var")


def make_site(folder: Path, policy: PolicyEngine) -> Site:
    """Declare the academies in an empty folder, and let people and courses come to be."""
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, folder / name)
    for path in (folder / "tenants").glob("*.yaml"):
        document = yaml.safe_load(path.read_text())
        document["services"] = {"payment": {"config": {"payout_hold": "0s"}}}
        path.write_text(yaml.safe_dump(document))
    declared = read_declaration(Path(shutil.copy(ROOT / "platform.yaml", folder)), SETTINGS)
    world = World(declared, policy, seed=0)
    academies = world.run(_prepare(world))
    world.close()
    shutil.move(folder / "var", folder / "beginning")
    return Site(declared, academies)


async def _prepare(world: World) -> list[Academy]:
    await world.start()
    academies = [
        Academy(tenant.id, tenant.currency) for tenant in world.declared.loaded.tenants.values()
    ]
    for academy in academies:
        await _fill(world, academy)
    await world.until(lambda: is_quiet(world))
    await world.processes[0].stop()
    return academies


async def _fill(world: World, academy: Academy) -> None:
    tenant = academy.tenant
    for number in range(BUYERS):
        email = f"person-{number}@{tenant}.example"
        asked = RegisterUser(email=email, password="a password for all", name=f"Person {number}")
        user = await world.ask(tenant, Principal.anonymous(), asked)
        academy.people.append(Principal(PrincipalKind.USER, str(user.id), ("learner",)))
    teacher, helper = (UUID(one.id) for one in academy.people[:2])
    for one in (teacher, helper):
        await world.ask(tenant, OWNER, UpdateUser(user_id=one, role=Role.INSTRUCTOR))
    for number, seats in enumerate([*SEATS, None]):
        is_free = number == len(SEATS)
        price = None if is_free else Money(amount=4900 + number, currency=academy.currency)
        course = await world.ask(
            tenant,
            OWNER,
            CreateCourse(
                title=f"Course {number}", slug=f"course-{number}", price=price, seats=seats
            ),
        )
        await world.ask(tenant, OWNER, AddInstructor(course_id=course.id, user_id=teacher))
        section = await world.ask(tenant, OWNER, CreateSection(course_id=course.id, title="All"))
        lesson = await world.ask(tenant, OWNER, CreateLesson(section_id=section.id, title="One"))
        await world.ask(tenant, OWNER, PublishCourse(course_id=course.id))
        if is_free:
            academy.free, academy.lesson = course.id, lesson.id
        else:
            academy.courses.append(course.id)
