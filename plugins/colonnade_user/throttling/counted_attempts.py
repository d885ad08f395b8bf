"""What is counted when somebody signs in, and when strangers register, write and show tokens."""

import unicodedata
from collections.abc import Mapping

from colonnade_user.throttling.allowances import ThrottleConfig
from colonnade_user.throttling.counters import Counter, Reading
from colonnade_user.throttling.devices import Acquaintance


def account_name(email: str) -> str:
    """An address as it is counted: folded further than it is compared, so that no way of writing
    it is a counter of its own."""
    local, _, domain = email.rpartition("@")
    return unicodedata.normalize("NFKC", f"{local.casefold()}@{domain.casefold()}")


def sign_in_counters(
    config: ThrottleConfig, email: str, network: str, device: str | None, known: Acquaintance
) -> list[Counter]:
    """What a wrong password counts for, and what makes its sender wait.

    A known device answers for itself alone. Otherwise the account counts together with the
    network, the network for all accounts, and the account for all networks that it does not know.
    """
    if not network:
        return []
    account = account_name(email)
    if known.device and device is not None:
        return [Counter("device", (account, device), config.device)]
    counters = [
        Counter("account_and_network", (account, network), config.account_and_network),
        Counter("network", (network,), config.network),
    ]
    if not known.network:
        counters.append(Counter("account", (account,), config.account))
    return counters


def cleared_by_success(readings: Mapping[Counter, Reading]) -> list[Counter]:
    """What a right password clears: the account's own, as far as there is anything. What counts
    for all accounts stays, or whoever has one account could go on guessing at the others."""
    own = ("account_and_network", "device")
    return [counter for counter, found in readings.items() if counter.kind in own and found.level]


def registration_counters(config: ThrottleConfig, network: str) -> list[Counter]:
    """What a registration by a stranger counts for."""
    return [Counter("registration", (network,), config.registrations)] if network else []


def mail_counters(config: ThrottleConfig, email: str, network: str) -> list[Counter]:
    """What a message counts for that a stranger has sent to an address, known or not."""
    if not network:
        return []
    return [
        Counter("mail_address", (account_name(email),), config.mail_per_address),
        Counter("mail_network", (network,), config.mail_per_network),
    ]


def token_counters(config: ThrottleConfig, network: str) -> list[Counter]:
    """What a token counts for that is none."""
    return [Counter("token", (network,), config.tokens)] if network else []


def password_change_counters(config: ThrottleConfig, session_id: str | None) -> list[Counter]:
    """What a wrong current password counts for: in its session, so that nobody else waits."""
    if session_id is None:
        return []
    return [Counter("password_change", (session_id,), config.password_change)]
