"""Resource types of metrics, reports and client events, for policies.

Metrics are read from several tables. Each has the one field that matters, `course_id`, so one
decision narrows them all to the courses that somebody teaches.
"""

from colonnade.policy import Relation, ResourceType
from colonnade_analytics.models import (
    ActivityRow,
    CountRow,
    CourseRow,
    PersonRow,
    ReportRow,
    TeacherRow,
)

TEACHES = Relation(
    TeacherRow, object_column="course_id", subject_column="user_id", where=lambda row: row.active
)
"""A person (by user id) teaches a course (by its id)."""

_RELATIONS = {"teaches": TEACHES}

METRIC_COURSE = ResourceType("metric", {"course_id": CourseRow.course_id}, _RELATIONS)
METRIC_COUNT = ResourceType("metric", {"course_id": CountRow.course_id}, _RELATIONS)
METRIC_ACTIVITY = ResourceType("metric", {"course_id": ActivityRow.course_id}, _RELATIONS)

REPORT = ResourceType(
    "report", {"id": ReportRow.id, "requested_by": ReportRow.requested_by}, _RELATIONS
)
REPORT_COURSE = ResourceType("report", {"course_id": CourseRow.course_id}, _RELATIONS)
"""A course that a report may be about."""

REPORTS = ResourceType("report", {**REPORT.fields, **REPORT_COURSE.fields}, _RELATIONS)
"""All fields of reports for policies: of those that there are, and of one that is asked for."""

CLIENT_EVENT = ResourceType("client_event", {"user_id": PersonRow.user_id})
"""An event of a client, by the person whose it is."""
