"""The servers that tests may need: one row each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GoSource:
    """Source that `go install` builds: the path of the command, and the pinned version."""

    path: str
    version: str


@dataclass(frozen=True, slots=True)
class ServerKind:
    """One server: how to recognise it, where to get it, how to start it.

    `arguments` makes the command line from a port and an empty folder; `url` holds `{port}`.
    `health` is a path that answers 200 once it is ready; without one, an open port is enough.
    `packages` maps a package manager to the name there.
    """

    name: str
    program: str
    minimum: Version
    url: str
    arguments: Callable[[int, Path], Sequence[str]]
    version: Sequence[str] = ("--version",)
    health: str | None = None
    go: GoSource | None = None
    packages: Mapping[str, str] = field(default_factory=dict)

    @property
    def variable(self) -> str:
        """The environment variable that names a server which is running already."""
        return f"COLONNADE_TEST_{self.name.upper().replace('-', '_')}_URL"

    @property
    def wanted(self) -> str:
        """The program and its oldest version, as people say it."""
        return f"{self.program} {'.'.join(map(str, self.minimum))} or newer"


def _nats(port: int, folder: Path) -> Sequence[str]:
    return ("--addr", "127.0.0.1", "--port", str(port), "--jetstream", "--store_dir", str(folder))


def _opa(port: int, folder: Path) -> Sequence[str]:
    address = f"127.0.0.1:{port}"
    return ("run", "--server", "--addr", address, "--log-level", "error", "--disable-telemetry")


KINDS: Mapping[str, ServerKind] = {
    kind.name: kind
    for kind in (
        ServerKind(
            name="nats",
            program="nats-server",
            minimum=(2, 12),
            url="nats://127.0.0.1:{port}",
            arguments=_nats,
            go=GoSource("github.com/nats-io/nats-server/v2", "v2.12.15"),
            packages={"apt": "nats-server", "brew": "nats-server"},
        ),
        ServerKind(
            name="opa",
            program="opa",
            minimum=(1, 0),
            url="http://127.0.0.1:{port}",
            arguments=_opa,
            version=("version",),
            health="/health",
            go=GoSource("github.com/open-policy-agent/opa", "v1.12.3"),
            packages={"brew": "opa"},
        ),
        ServerKind(
            name="stripe",
            program="stripe-mock",
            minimum=(0, 197),
            url="http://127.0.0.1:{port}",
            # Left out, HTTPS takes one port for all: a second one on the machine would not start.
            arguments=lambda port, folder: (
                *("-http-addr", f"127.0.0.1:{port}"),
                *("-https-addr", "127.0.0.1:0"),
            ),
            version=("-version",),
            go=GoSource("github.com/stripe/stripe-mock", "v0.197.0"),
            packages={"brew": "stripe-mock"},
        ),
    )
}
