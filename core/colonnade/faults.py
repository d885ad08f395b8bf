"""Faults: parts that are broken now, since when, and how each is mended.

A part reports its fault when it notices one, as often as it likes, and withdraws it when it works
again. One line in the log at each change, `degraded` in `/readyz`, the gauge `colonnade_faults`
and a line of `colonnade status` come of it.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

KIND_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,47}")
"""A kind is a name from code: it labels a metric and must not be made of data."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is broken: `source` is the service, extension or part that reported it.

    `tenant` is the only academy that suffers from it, empty when all may. `sentence` and `mend`
    are for operators alone and may name files and addresses; they never reach a client.
    """

    source: str
    kind: str
    tenant: str
    sentence: str
    mend: str
    since: datetime


class Faults(Protocol):
    """Reporter of faults for one part of a process. May be used from any thread."""

    def report(self, kind: str, sentence: str, *, mend: str, tenant: str = "") -> None:
        """Say that this part is broken. Reported again, the sentence is replaced and the time at
        which it broke stays.

        Raises:
            ValueError: when `kind` is no name such as `mail_server`.
        """
        ...

    def withdraw(self, kind: str, *, tenant: str = "") -> None:
        """Say that it works; nothing happens when it was not reported."""
        ...


class NoFaults:
    """Faults that nobody asks for: of an adapter that is made outside of a process."""

    def report(self, kind: str, sentence: str, *, mend: str, tenant: str = "") -> None:
        """Forget it."""

    def withdraw(self, kind: str, *, tenant: str = "") -> None:
        """Ignore the fault."""
