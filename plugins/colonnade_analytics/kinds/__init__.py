"""The kinds of reports that come with the service."""

from collections.abc import Sequence

from colonnade_analytics.api import ReportKind
from colonnade_analytics.kinds.completion import CourseCompletion
from colonnade_analytics.kinds.earnings import InstructorEarnings
from colonnade_analytics.kinds.funnel import LessonFunnel
from colonnade_analytics.kinds.retention import CohortRetention
from colonnade_analytics.kinds.revenue import Revenue


def first_party_kinds() -> Sequence[ReportKind]:
    """One object of each."""
    return [
        CourseCompletion(),
        LessonFunnel(),
        CohortRetention(),
        Revenue(),
        InstructorEarnings(),
    ]
