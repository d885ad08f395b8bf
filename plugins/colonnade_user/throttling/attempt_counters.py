"""Counters that an attempt raises: sign-ins, registrations, mails, tokens, password changes."""

import unicodedata
from collections.abc import Mapping

from colonnade_user.throttling.allowances import ThrottleConfig
from colonnade_user.throttling.counters import Counter, Reading
from colonnade_user.throttling.devices import RecognisedOrigin


def account_name(email: str) -> str:
    """Address as it is counted: folded further than for comparison, so that spellings of one
    address share a counter."""
    local, _, domain = email.rpartition("@")
    return unicodedata.normalize("NFKC", f"{local.casefold()}@{domain.casefold()}")


def sign_in_counters(
    config: ThrottleConfig, email: str, network: str, device: str | None, origin: RecognisedOrigin
) -> list[Counter]:
    """Counters that a wrong password raises, and whose waits delay the attempt.

    A known device has one counter of its own. Otherwise there is one for the account together
    with the network, one for the network, and one for the account from all networks that it was
    never signed in to from.
    """
    if not network:
        return []
    account = account_name(email)
    if origin.device and device is not None:
        return [Counter("device", (account, device), config.device)]
    counters = [
        Counter("account_and_network", (account, network), config.account_and_network),
        Counter("network", (network,), config.network),
    ]
    if not origin.network:
        counters.append(Counter("account", (account,), config.account))
    return counters


def cleared_by_success(readings: Mapping[Counter, Reading]) -> list[Counter]:
    """Counters that a right password clears: the account's own, where they are raised. Those of
    a network stay, or the owner of one account could go on guessing at others."""
    own = ("account_and_network", "device")
    return [counter for counter, found in readings.items() if counter.kind in own and found.level]


def registration_counters(config: ThrottleConfig, network: str) -> list[Counter]:
    """Counters of a registration by a visitor."""
    return [Counter("registration", (network,), config.registrations)] if network else []


def mail_counters(config: ThrottleConfig, email: str, network: str) -> list[Counter]:
    """Counters of a mail that a visitor requests for an address, known or not."""
    if not network:
        return []
    return [
        Counter("mail_address", (account_name(email),), config.mail_per_address),
        Counter("mail_network", (network,), config.mail_per_network),
    ]


def token_counters(config: ThrottleConfig, network: str) -> list[Counter]:
    """Counters of an invalid token."""
    return [Counter("token", (network,), config.tokens)] if network else []


def password_change_counters(config: ThrottleConfig, session_id: str | None) -> list[Counter]:
    """Counters of a wrong current password: those of its session, so that no other waits."""
    if session_id is None:
        return []
    return [Counter("password_change", (session_id,), config.password_change)]
