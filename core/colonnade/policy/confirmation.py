"""Grants across services that an operator has confirmed for one plugin."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfirmedGrants:
    """Actions of other services that a plugin's policies may grant.

    `strangers` are those that they may grant to somebody who has not signed in, too; they need
    not stand in `grants` as well.
    """

    grants: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()

    def cover(self, action: str, *, to_strangers: bool) -> bool:
        """Tell whether a grant of `action` is confirmed."""
        return action in self.strangers or (action in self.grants and not to_strangers)


NO_CONFIRMED_GRANTS = ConfirmedGrants()
