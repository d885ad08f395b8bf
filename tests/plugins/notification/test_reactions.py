"""Reactions keep the names under which inboxes know what was handled."""

from colonnade.events import marked_reactions
from colonnade_notification.reactions import (
    SUBSCRIPTIONS,
    AccountReactions,
    CourseReactions,
    PaymentReactions,
)

STORED = {
    "AccountNews.confirmation_requested",
    "AccountNews.deleted",
    "AccountNews.password_changed",
    "AccountNews.registered",
    "AccountNews.role_changed",
    "AccountNews.session_ended",
    "AccountNews.status_changed",
    "CourseNews.completed",
    "CourseNews.ended",
    "CourseNews.enrolled",
    "CourseNews.no_longer_teaches",
    "CourseNews.teaches",
    "MoneyNews.canceled",
    "MoneyNews.captured",
    "MoneyNews.declined",
    "MoneyNews.paid_out",
    "MoneyNews.refunded",
    "MoneyNews.undelivered",
}


def test_reactions_are_stored_under_their_first_names() -> None:
    owners = (AccountReactions, CourseReactions, PaymentReactions)
    found = [reaction for owner in owners for reaction in marked_reactions(owner)]
    assert {name for name, _, _ in found} == STORED
    assert {event.model for _, _, event in found} == set(SUBSCRIPTIONS)
