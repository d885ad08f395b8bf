"""A plugin whose events become messages of kinds of its own."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any
from uuid import UUID

from colonnade.events import Event, event
from colonnade.hookspecs import hookimpl
from colonnade.services import PluginInfo
from colonnade_notification.api import (
    Category,
    NotificationCategory,
    NotificationKind,
    NotificationText,
)


@event("chess", key="game_id")
class GameWon(Event):
    """Somebody won a game."""

    game_id: UUID
    winner_id: UUID
    watcher_ids: tuple[UUID, ...] = ()
    moves: int = 30


GAMES = NotificationCategory("chess", {"en": "Chess", "de": "Schach"}, Category.LEARNING)
TEXTS = {
    "en": NotificationText(
        "Won in {{ moves }} moves", "Hello {{ person.name }},\n\nwell done.", "Look"
    ),
    "de": NotificationText("In {{ moves }} Zügen", "Hallo {{ person.name }},\n\ngut gemacht."),
}


def people_of(won: GameWon) -> list[UUID]:
    return [won.winner_id, *won.watcher_ids]


def game_won(**changes: Any) -> NotificationKind:
    """The kind, with some of what it says changed."""
    said: dict[str, Any] = {
        "name": "game_won",
        "event": GameWon,
        "recipients": people_of,
        "texts": TEXTS,
        "sample": {"game_id": "", "moves": 30},
        "category": GAMES,
        "path": "/games/{game_id}",
    }
    return NotificationKind(**(said | changes))


def chess_plugin(*kinds: NotificationKind, name: str = "chess") -> ModuleType:
    """An extension of notification that brings `kinds`."""
    module = ModuleType(f"{name}_notifications")

    @hookimpl
    def plugin_info() -> PluginInfo:
        return PluginInfo(name, "1.0.0", implements=("notification",))

    @hookimpl
    def notifications() -> Sequence[NotificationKind]:
        return kinds or (game_won(),)

    hooks: Mapping[str, object] = {"plugin_info": plugin_info, "notifications": notifications}
    module.__dict__.update(hooks)
    return module
