"""Stored names of the payment service's reactions, which inbox keys hold."""

from colonnade_payment import plugin
from colonnade_runtime.background.events.declared_reactions import declared_reactions


def test_reactions_have_the_names_that_stores_hold() -> None:
    assert set(declared_reactions(plugin)) == {
        "Departures.user_deleted",
        "Teaching.instructor_added",
        "Teaching.instructor_removed",
    }
