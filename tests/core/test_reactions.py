"""Reactions have names that outlive those of their classes."""

from colonnade.events import Event, event, reactions_named, reactions_of, reacts_to
from colonnade.store import Session


@event("reaction_names", key="club_id")
class ClubFounded(Event):
    club_id: str


class Clubs:
    @reacts_to(ClubFounded)
    def founded(self, session: Session, event: ClubFounded) -> None: ...


@reactions_named("Clubs")
class ClubReactions(Clubs): ...


def test_a_reaction_is_named_after_its_class_and_method() -> None:
    assert [bound.name for bound in reactions_of([Clubs()])] == ["Clubs.founded"]


def test_a_renamed_class_keeps_the_names_of_its_reactions() -> None:
    [bound] = reactions_of([ClubReactions()])
    assert bound.name == "Clubs.founded"
    assert bound.event_type.model is ClubFounded


def test_a_class_made_of_a_renamed_one_has_a_name_of_its_own() -> None:
    class YoungClubs(ClubReactions): ...

    assert [bound.name for bound in reactions_of([YoungClubs()])] == ["YoungClubs.founded"]
