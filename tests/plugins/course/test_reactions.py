"""Reactions keep the names under which the inbox has stored them."""

from colonnade.events import marked_reactions
from colonnade_course.reactions import InvitationReactions, UserReactions


def test_reactions_keep_their_stored_names() -> None:
    classes = (UserReactions, InvitationReactions)
    names = {name for each in classes for name, _, _ in marked_reactions(each)}
    assert names == {"Departures.user_deleted", "Invitations.invitation_accepted"}
