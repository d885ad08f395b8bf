"""A made-up academy: what happens in it, as events, the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from colonnade.events import Event
from colonnade.money import Money
from colonnade_course.api import (
    CoursePublished,
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentEnded,
    InstructorAdded,
    LessonCompleted,
    Outline,
    OutlineLesson,
    OutlineSection,
)
from colonnade_payment.api import PaymentCaptured, PaymentRefunded, Share

TITLES = (
    "Programming with Python",
    "Version Control with Git",
    "The Unix Shell",
    "Databases and SQL",
    "Plotting and Programming in R",
)
LESSONS = (
    "Analyzing Patient Data",
    "Visualizing Tabular Data",
    "Repeating Actions with Loops",
    "Storing Multiple Values in Lists",
    "Analyzing Data from Multiple Files",
    "Making Choices",
    "Creating Functions",
    "Errors and Exceptions",
)


@dataclass
class World:
    """Courses of eight lessons, people who enrol, learn, pay, leave and are refunded."""

    seed: int = 7
    people: int = 120
    days: int = 300
    until: datetime = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)
    currency: str = "EUR"
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.courses = [self.uuid() for _ in TITLES]
        self.lessons = {course: [self.uuid() for _ in LESSONS] for course in self.courses}
        self.teachers = [self.uuid() for _ in range(3)]

    def uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def outline(self, course: UUID) -> Outline:
        lessons = [
            OutlineLesson(
                id=lesson,
                title=title,
                position=place,
                content_id=None,
                preview=False,
                completion="manual",
                required=True,
                duration_minutes=None,
            )
            for place, (lesson, title) in enumerate(zip(self.lessons[course], LESSONS, strict=True))
        ]
        section = OutlineSection(
            id=UUID(int=1), title="All", position=0, required=True, lessons=lessons
        )
        return Outline(course_id=course, sections=[section])

    def events(self) -> Iterator[tuple[datetime, Event]]:
        """Everything that happens, each with its time, in no order."""
        for place, (course, title) in enumerate(zip(self.courses, TITLES, strict=True)):
            begin = self.until - timedelta(days=self.days)
            yield (
                begin,
                CoursePublished(
                    course_id=course, slug=f"c{place}", title=title, status="published", sequence=1
                ),
            )
            teacher = self.teachers[place % len(self.teachers)]
            yield begin, InstructorAdded(course_id=course, user_id=teacher, sequence=1)
        for _ in range(self.people):
            yield from self._person()

    def _person(self) -> Iterator[tuple[datetime, Event]]:
        person = self.uuid()
        for course in self.random.sample(self.courses, self.random.choice((1, 1, 2))):
            late = self.random.random() ** 1.5 * self.days
            yield from self._enrolled(person, course, self.until - timedelta(days=late))

    def _enrolled(
        self, person: UUID, course: UUID, at: datetime
    ) -> Iterator[tuple[datetime, Event]]:
        enrollment = self.uuid()
        names = {"enrollment_id": enrollment, "course_id": course, "user_id": person}
        yield at, EnrollmentActivated(**names, status="active", sequence=1)
        yield from self._paid(person, course, at)
        now = at
        for place, lesson in enumerate(self.lessons[course]):
            if self.random.random() < (0.06 if place != 2 else 0.3):
                break
            now += timedelta(hours=self.random.expovariate(1 / 160))
            if now > self.until:
                return
            yield now, LessonCompleted(**names, lesson_id=lesson, progress=(place + 1) * 12)
        else:
            yield now, EnrollmentCompleted(**names, status="completed", sequence=2)
            return
        if self.random.random() < 0.3:
            yield now, EnrollmentEnded(**names, status="ended", sequence=3)

    def _paid(self, person: UUID, course: UUID, at: datetime) -> Iterator[tuple[datetime, Event]]:
        teacher = self.teachers[self.courses.index(course) % len(self.teachers)]
        payment = self.uuid()
        yield (
            at,
            PaymentCaptured(
                payment_id=payment,
                user_id=person,
                course_id=course,
                amount=self.money(4900),
                list_price=self.money(4900),
                shares=[Share(user_id=teacher, amount=self.money(3430))],
                platform_fee=self.money(1470),
                captured_at=at,
                sequence=2,
            ),
        )
        if self.random.random() < 0.12:
            later = at + timedelta(days=self.random.random() * 20)
            yield (
                later,
                PaymentRefunded(
                    payment_id=payment,
                    refund_id=self.uuid(),
                    user_id=person,
                    course_id=course,
                    amount=self.money(2000),
                    refunded_total=self.money(2000),
                    is_full=False,
                    shares=[Share(user_id=teacher, amount=self.money(1400))],
                    platform_fee=self.money(600),
                    reason="wish",
                    refunded_at=later,
                    sequence=3,
                ),
            )

    def money(self, amount: int) -> Money:
        return Money(amount=amount, currency=self.currency)
