"""The kinds of reports that come with the service."""

from collections.abc import Sequence

from colonnade_analytics.api import ReportKind
from colonnade_analytics.reports.kinds.cohort_retention import CohortRetention
from colonnade_analytics.reports.kinds.course_completion import CourseCompletion
from colonnade_analytics.reports.kinds.instructor_earnings import InstructorEarnings
from colonnade_analytics.reports.kinds.lesson_funnel import LessonFunnel
from colonnade_analytics.reports.kinds.revenue import Revenue


def first_party_kinds() -> Sequence[ReportKind]:
    """One object of each."""
    return [
        CourseCompletion(),
        LessonFunnel(),
        CohortRetention(),
        Revenue(),
        InstructorEarnings(),
    ]
