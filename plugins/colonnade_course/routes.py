"""HTTP routes of the course service, under `/api/v1`."""

from litestar import Controller

from colonnade.http import delete, get, patch, post, put
from colonnade_course.api import (
    AddInstructor,
    CreateCourse,
    CreateEnrollment,
    CreateLesson,
    CreateSection,
    DeleteCourse,
    DeleteLesson,
    DeleteSection,
    EndEnrollment,
    GetCourse,
    GetEnrollment,
    GetLesson,
    GetOutline,
    GetSection,
    ListCourses,
    ListEnrollments,
    ListInstructors,
    ListLessons,
    ListSections,
    OrderLessons,
    OrderSections,
    PublishCourse,
    RecordLessonProgress,
    RemoveInstructor,
    UnpublishCourse,
    UpdateCourse,
    UpdateLesson,
    UpdateSection,
)


class CourseController(Controller):
    """Courses, their outline and the people who teach them."""

    path = "/courses"
    tags = ["courses"]  # noqa: RUF012
    create = post("/", CreateCourse, location="/api/v1/courses/{id}", keyed=True)
    list_ = get("/", ListCourses)
    read = get("/{course_id:str}", GetCourse)
    update = patch("/{course_id:str}", UpdateCourse)
    remove = delete("/{course_id:str}", DeleteCourse)
    publish = post("/{course_id:str}/publish", PublishCourse, status=200)
    unpublish = post("/{course_id:str}/unpublish", UnpublishCourse, status=200)
    outline = get("/{course_id:str}/outline", GetOutline)
    order = put("/{course_id:str}/sections/order", OrderSections)
    list_instructors = get("/{course_id:str}/instructors", ListInstructors)
    add_instructor = post("/{course_id:str}/instructors", AddInstructor, keyed=True)
    remove_instructor = delete("/{course_id:str}/instructors/{user_id:str}", RemoveInstructor)


class SectionController(Controller):
    """Sections and the order of their lessons."""

    path = "/sections"
    tags = ["courses"]  # noqa: RUF012
    create = post("/", CreateSection, location="/api/v1/sections/{id}", keyed=True)
    list_ = get("/", ListSections)
    read = get("/{section_id:str}", GetSection)
    update = patch("/{section_id:str}", UpdateSection)
    remove = delete("/{section_id:str}", DeleteSection)
    order = put("/{section_id:str}/lessons/order", OrderLessons)


class LessonController(Controller):
    """Lessons."""

    path = "/lessons"
    tags = ["courses"]  # noqa: RUF012
    create = post("/", CreateLesson, location="/api/v1/lessons/{id}", keyed=True)
    list_ = get("/", ListLessons)
    read = get("/{lesson_id:str}", GetLesson)
    update = patch("/{lesson_id:str}", UpdateLesson)
    remove = delete("/{lesson_id:str}", DeleteLesson)


class EnrollmentController(Controller):
    """Enrolments and progress."""

    path = "/enrollments"
    tags = ["enrollments"]  # noqa: RUF012
    create = post("/", CreateEnrollment, location="/api/v1/enrollments/{id}", keyed=True)
    list_ = get("/", ListEnrollments)
    read = get("/{enrollment_id:str}", GetEnrollment)
    end = post("/{enrollment_id:str}/end", EndEnrollment, status=200)
    record = put("/{enrollment_id:str}/lessons/{lesson_id:str}", RecordLessonProgress)


CONTROLLERS = [CourseController, SectionController, LessonController, EnrollmentController]
