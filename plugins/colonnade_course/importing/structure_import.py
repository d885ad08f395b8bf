"""Import of the course itself, with its sections and lessons."""

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
from colonnade_course.carpentries.lesson import ImportedCourse
from colonnade_course.importing.import_run import ImportRun, list_all

APPENDIX = "appendix"
_SLUGS_TRIED = 20
_ORDERS_TRIED = 20


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """Lesson to be imported: the page that it shows, and its duration in minutes."""

    key: str
    title: str
    content_id: UUID
    minutes: int | None


@dataclass(slots=True)
class StructureImport:
    """Import of a course with its sections and lessons."""

    platform: PlatformClient
    tenant: str
    run: ImportRun
    step: Callable[[], None]

    def update(
        self, source: ImportedCourse, lessons: Sequence[LessonPlan], appendix: Sequence[LessonPlan]
    ) -> Course:
        """Create or update the course; progress of learners stays."""
        course = self._course(source)
        sections = list_all(
            self.platform, self.tenant, ListSections(course_id=course.id, limit=100)
        )
        known = list_all(self.platform, self.tenant, ListLessons(course_id=course.id, limit=100))
        title = source.sections[0].title
        main = self._section(course, sections, "lessons", title, required=True)
        self._lessons(main, known, lessons)
        if appendix:
            behind = self._section(course, sections, APPENDIX, "Appendix", required=False)
            self._lessons(behind, known, appendix, previews={"index.md"})
        self._warn_of_removed(known, {plan.key for plan in (*lessons, *appendix)})
        return course

    def _course(self, source: ImportedCourse) -> Course:
        words: dict[str, Any] = {
            "title": source.title,
            "summary": source.summary,
            "license": source.licence,
            "attribution": source.attribution,
        }
        request = ListCourses(external_id=self.run.key)
        found = self.platform.ask(self.tenant, request).items
        if not found:
            return self.run.create(
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
            request = CreateCourse(slug=wanted, external_id=self.run.key, **words)
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
            return self.run.create(
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
        plans: Sequence[LessonPlan],
        previews: frozenset[str] | set[str] = frozenset(),
    ) -> None:
        by_name = {lesson.external_id: lesson for lesson in known}
        wanted = []
        for plan in plans:
            before = by_name.get(self._name(plan.key))
            if before is None:
                lesson = self._new_lesson(section, plan, preview=plan.key in previews)
            else:
                lesson = self._update_lesson(section, before, plan)
            wanted.append(lesson.id)
            self.step()
        self._order(section, wanted)

    def _new_lesson(self, section: Section, plan: LessonPlan, *, preview: bool) -> Lesson:
        create = CreateLesson(
            section_id=section.id,
            title=plan.title,
            content_id=plan.content_id,
            preview=preview,
            duration_minutes=plan.minutes,
            external_id=self._name(plan.key),
        )
        find = ListLessons(course_id=section.course_id, external_id=create.external_id)
        return self.run.create(
            lambda: self.platform.ask(self.tenant, create),
            lambda: self.platform.ask(self.tenant, find).items,
        )

    def _update_lesson(self, section: Section, before: Lesson, plan: LessonPlan) -> Lesson:
        request = UpdateLesson(
            lesson_id=before.id,
            title=plan.title,
            content_id=plan.content_id,
            duration_minutes=plan.minutes,
            section_id=section.id,
        )
        after = self.platform.ask(self.tenant, request)
        self._count(before, after)
        return after

    def _order(self, section: Section, wanted: Sequence[UUID]) -> None:
        """Order the imported lessons, and leave others in between where they are."""
        for left in reversed(range(_ORDERS_TRIED)):
            request = ListLessons(section_id=section.id, limit=100)
            there = [lesson.id for lesson in list_all(self.platform, self.tenant, request)]
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
            self.run.changes += 1
            return

    def _warn_of_removed(self, known: Sequence[Lesson], keys: set[str]) -> None:
        names = {self._name(key) for key in keys}
        for lesson in known:
            name = lesson.external_id or ""
            if name.startswith(self.run.prefix) and name not in names:
                self.run.warn(
                    f"The lesson '{lesson.title}' is no longer in the folder. It stays, with what "
                    f"learners did in it: DELETE /api/v1/lessons/{lesson.id} removes it."
                )

    def _name(self, key: str) -> str:
        return self.run.external_id(key)

    def _count(self, before: Course | Section | Lesson, after: Course | Section | Lesson) -> None:
        self.run.changes += before.version != after.version


def _arranged(there: Sequence[UUID], wanted: Sequence[UUID]) -> list[UUID]:
    """Reorder the wanted lessons among those that are there."""
    queue = iter(lesson for lesson in wanted if lesson in there)
    return [next(queue) if lesson in wanted else lesson for lesson in there]
