"""The course of an import, with its sections and lessons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from colonnade.command_line import PlatformClient
from colonnade.errors import ValidationFailed
from colonnade_course.api import (
    Course,
    CreateCourse,
    CreateLesson,
    CreateSection,
    Lesson,
    ListCourses,
    ListLessons,
    ListSections,
    OrderLessons,
    Section,
    SlugTaken,
    UpdateCourse,
    UpdateLesson,
    UpdateSection,
)
from colonnade_course.carpentries.reader import ImportedCourse
from colonnade_course.importing.import_run import Imported, every

APPENDIX = "appendix"
_SLUGS_TRIED = 20
_ORDERS_TRIED = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A lesson to be: the page that it shows, and how many minutes it takes."""

    key: str
    title: str
    content_id: UUID
    minutes: int | None


@dataclass(slots=True)
class ImportedStructure:
    """Brings the course and what stands in it."""

    platform: PlatformClient
    tenant: str
    imported: Imported
    step: Callable[[], None]

    def bring(
        self, source: ImportedCourse, lessons: Sequence[Place], appendix: Sequence[Place]
    ) -> Course:
        """The course, brought up to date; what people did with it stays."""
        course = self._course(source)
        sections = every(self.platform, self.tenant, ListSections(course_id=course.id, limit=100))
        known = every(self.platform, self.tenant, ListLessons(course_id=course.id, limit=100))
        title = source.sections[0].title
        main = self._section(course, sections, "lessons", title, required=True)
        self._lessons(main, known, lessons)
        if appendix:
            behind = self._section(course, sections, APPENDIX, "Appendix", required=False)
            self._lessons(behind, known, appendix, previews={"index.md"})
        self._warn_of_the_rest(known, {place.key for place in (*lessons, *appendix)})
        return course

    def _course(self, source: ImportedCourse) -> Course:
        words: dict[str, Any] = {
            "title": source.title,
            "summary": source.summary,
            "license": source.licence,
            "attribution": source.attribution,
        }
        request = ListCourses(external_id=self.imported.key)
        found = self.platform.ask(self.tenant, request).items
        if not found:
            return self.imported.make(
                lambda: self._new_course(source.slug, words),
                lambda: self.platform.ask(self.tenant, request).items,
            )
        before = found[0]
        after = self.platform.ask(self.tenant, UpdateCourse(course_id=before.id, **words))
        self._count(before, after)
        return after

    def _new_course(self, slug: str, words: dict[str, Any]) -> Course:
        for number in range(1, _SLUGS_TRIED):
            wanted = slug if number == 1 else f"{slug[:76]}-{number}"
            request = CreateCourse(slug=wanted, external_id=self.imported.key, **words)
            try:
                return self.platform.ask(self.tenant, request)
            except SlugTaken:
                continue
        raise SlugTaken(f"'{slug}' and its variants are the slugs of other courses; rename one.")

    def _section(
        self, course: Course, known: Sequence[Section], name: str, title: str, *, required: bool
    ) -> Section:
        before = next((row for row in known if row.external_id == name), None)
        if before is None:
            create = CreateSection(
                course_id=course.id, title=title, required=required, external_id=name
            )
            find = ListSections(course_id=course.id, external_id=name)
            return self.imported.make(
                lambda: self.platform.ask(self.tenant, create),
                lambda: self.platform.ask(self.tenant, find).items,
            )
        update = UpdateSection(section_id=before.id, title=title)
        after = self.platform.ask(self.tenant, update)
        self._count(before, after)
        return after

    def _lessons(
        self,
        section: Section,
        known: Sequence[Lesson],
        places: Sequence[Place],
        previews: frozenset[str] | set[str] = frozenset(),
    ) -> None:
        by_name = {lesson.external_id: lesson for lesson in known}
        wanted = []
        for place in places:
            before = by_name.get(self._name(place.key))
            if before is None:
                lesson = self._new_lesson(section, place, preview=place.key in previews)
            else:
                lesson = self._update_lesson(section, before, place)
            wanted.append(lesson.id)
            self.step()
        self._order(section, wanted)

    def _new_lesson(self, section: Section, place: Place, *, preview: bool) -> Lesson:
        create = CreateLesson(
            section_id=section.id,
            title=place.title,
            content_id=place.content_id,
            preview=preview,
            duration_minutes=place.minutes,
            external_id=self._name(place.key),
        )
        find = ListLessons(course_id=section.course_id, external_id=create.external_id)
        return self.imported.make(
            lambda: self.platform.ask(self.tenant, create),
            lambda: self.platform.ask(self.tenant, find).items,
        )

    def _update_lesson(self, section: Section, before: Lesson, place: Place) -> Lesson:
        request = UpdateLesson(
            lesson_id=before.id,
            title=place.title,
            content_id=place.content_id,
            duration_minutes=place.minutes,
            section_id=section.id,
        )
        after = self.platform.ask(self.tenant, request)
        self._count(before, after)
        return after

    def _order(self, section: Section, wanted: Sequence[UUID]) -> None:
        """Put the imported lessons in order, and leave others in between where they are."""
        for left in reversed(range(_ORDERS_TRIED)):
            request = ListLessons(section_id=section.id, limit=100)
            there = [lesson.id for lesson in every(self.platform, self.tenant, request)]
            ordered = _arranged(there, wanted)
            if ordered == there:
                return
            try:
                self.platform.ask(self.tenant, OrderLessons(section_id=section.id, ids=ordered))
            except ValidationFailed:
                # A lesson came or went since they were listed.
                if not left:
                    raise
                continue
            self.imported.changes += 1
            return

    def _warn_of_the_rest(self, known: Sequence[Lesson], keys: set[str]) -> None:
        names = {self._name(key) for key in keys}
        for lesson in known:
            name = lesson.external_id or ""
            if name.startswith(self.imported.prefix) and name not in names:
                self.imported.warn(
                    f"The lesson '{lesson.title}' is no longer in the folder. It stays, with what "
                    f"learners did in it: DELETE /api/v1/lessons/{lesson.id} removes it."
                )

    def _name(self, key: str) -> str:
        return self.imported.external_id(key)

    def _count(self, before: Course | Section | Lesson, after: Course | Section | Lesson) -> None:
        self.imported.changes += before.version != after.version


def _arranged(there: Sequence[UUID], wanted: Sequence[UUID]) -> list[UUID]:
    """`there` with those that are wanted in the order wanted."""
    queue = iter(lesson for lesson in wanted if lesson in there)
    return [next(queue) if lesson in wanted else lesson for lesson in there]
