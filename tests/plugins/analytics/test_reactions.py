"""Everything that the other services publish is consumed, and nobody is named by what is kept."""

import importlib
from uuid import UUID

import pytest

from colonnade.events import Event, marked_reactions, reactions_of
from colonnade.personal import Personal, marked_fields
from colonnade_analytics.reactions import CONSUMED, EventReactions
from colonnade_analytics.reports.steps import ReportSteps
from colonnade_analytics.rollups.event_rows import PEOPLE, stored_fields

THINGS = {
    "course_id",
    "lesson_id",
    "enrollment_id",
    "confirmation_id",
    "content_id",
    "cover_media_id",
    "file_id",
    "invitation_id",
    "media_id",
    "payment_id",
    "refund_id",
    "payout_id",
    "session_id",
}
"""Ids of what is not a person; an addition is a decision made here."""


@pytest.mark.parametrize("service", ["user", "course", "content", "payment"])
def test_every_event_of_a_service_is_consumed(service: str) -> None:
    published = importlib.import_module(f"colonnade_{service}.api").EVENTS
    assert set(published) <= set(CONSUMED)


def test_each_has_one_reaction_of_a_stable_name() -> None:
    found = {bound.event_type.model: bound.name for bound in reactions_of([EventReactions()])}
    assert set(found) == set(CONSUMED)
    names = {model.__name__: name for model, name in found.items()}
    assert names["EnrollmentActivated"] == "Consumption.on_enrollment_activated"
    assert [name for name, _, _ in marked_reactions(ReportSteps)] == ["ReportWork.step_due"]


@pytest.mark.parametrize("model", CONSUMED)
def test_every_id_is_known_to_be_of_a_thing_or_of_a_person(model: type[Event]) -> None:
    ids = {
        name
        for name, field in model.model_fields.items()
        if field.annotation in (UUID, UUID | None)
    }
    assert ids <= THINGS | set(PEOPLE)


@pytest.mark.parametrize("model", CONSUMED)
def test_nothing_personal_is_kept(model: type[Event]) -> None:
    assert not marked_fields(model, Personal) & set(stored_fields(model))
