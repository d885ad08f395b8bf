"""`colonnade status`: which processes run, what of, and what waits in them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from colonnade.errors import ColonnadeError, ConfigurationError, DeadlineExceeded
from colonnade_runtime.admin.client import AdminClient, NoAnswer, NotRunning
from colonnade_runtime.cli.output import format_option, show_json, show_rows
from colonnade_runtime.cli.site import Site
from colonnade_runtime.cli.store_locks import held_locks, is_paused, process_names
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.model.placement import (
    EVERYTHING,
    GATEWAY,
    Placement,
    placement_of,
    placements,
)
from colonnade_runtime.process.socket_file import socket_path
from colonnade_runtime.serve.supervision.roster import SupervisedProcesses, watched

ANSWER_SECONDS = 5.0
PAUSED = "stands still"
HANGS = "does not answer"
SLOW = "is slow"

_PROCESS = ("process", "state", "version", "declaration", "policies", "started", "loop_lag_p99")
_SERVICE = ("service", "process", "owner", "pending", "lag", "dead_letters", "sagas")


@click.command()
@format_option
@click.pass_obj
def status(site: Site, style: str) -> None:
    """Show which processes run, of what, and what waits.

    Exits with 1 when a process does not run or is not ready, when something is broken or was
    given up, or when processes differ in what they run. A declaration that cannot be read is one
    of the problems: what runs is shown all the same.
    """
    root = site.path.parent
    names, unreadable, folders = _declared_or_running(site)
    by_up = watched(root)
    found = [_standing(root, name, by_up) for name in names]
    problems = [*unreadable, *problems_of(found), *_locks(root, folders)]
    if style == "json":
        show_json({"processes": found, "problems": problems})
    else:
        show_rows([_shortened(each) for each in found], _PROCESS, "Nothing is declared.")
        click.echo()
        show_rows([*_by_service(found)], _SERVICE, "No service runs.")
        for problem in problems:
            click.echo(problem)
    if problems:
        raise click.exceptions.Exit(1)


def problems_of(found: Sequence[dict[str, Any]]) -> list[str]:
    """Problems that the processes report, in sentences."""
    return [*_troubles(found), *_skews(found), *_orphans(found)]


def _locks(root: Path, folders: Sequence[Path]) -> Iterator[str]:
    """Locks held for longer than any write takes, and their holders."""
    names = process_names(root)
    for folder in folders:
        for file, pid in held_locks(folder):
            yield (
                f"{file} is held for writing by {names.get(pid, 'a process of no name here')}"
                f" (process {pid}): others wait for it. When that process is paused or stuck, end"
                f" it: kill -9 {pid}"
            )


def _sqlite_folders(loaded: LoadedPlatform) -> list[Path]:
    urls = {
        address.url
        for section in loaded.platform.stores.values()
        for _, address in section
        if address is not None and address.scheme == "sqlite"
    }
    return [loaded.root / url.partition(":")[2] for url in sorted(urls)]


def _declared_or_running(site: Site) -> tuple[list[str], list[str], list[Path]]:
    """The processes that should run, and why that cannot be known: then those that do run.

    The folders of SQLite files come third.
    """
    try:
        loaded = site.load(site.plugins())
    except ConfigurationError as error:
        running = _running(site.path.parent)
        return running or [EVERYTHING], error.message.splitlines(), []
    names = [place.name for place in _places(site.path.parent, loaded)]
    return names, [], _sqlite_folders(loaded)


def _places(root: Path, loaded: LoadedPlatform) -> list[Placement]:
    """Names of the processes that should run: `main` where that runs or no other is declared."""
    platform = loaded.platform
    everything = placement_of(platform, None)
    if not platform.processes or _runs(root, everything.name):
        return [everything]
    return [placement_of(platform, GATEWAY), *placements(platform)]


def _running(root: Path) -> list[str]:
    """The processes whose sockets answer, the one in front first."""
    sockets = socket_path(root, EVERYTHING).parent.glob("*.sock")
    names = sorted((path.stem for path in sockets), key=lambda name: (name != GATEWAY, name))
    return [name for name in names if _runs(root, name)]


def _runs(root: Path, name: str) -> bool:
    try:
        AdminClient(socket_path(root, name)).__exit__(None, None, None)
    except NotRunning:
        return False
    return True


def _standing(root: Path, name: str, by_up: SupervisedProcesses | None = None) -> dict[str, Any]:
    standing = _own_standing(root, name, by_up)
    if by_up is not None and name in by_up.children:
        standing["watched_by"] = by_up.pid
    return standing


def _unheard(name: str, by_up: SupervisedProcesses | None) -> dict[str, Any]:
    """Describe a process without a socket: `colonnade up` may be loading it at the moment."""
    pid = None if by_up is None else by_up.children.get(name)
    if pid is None:
        return {"process": name, "state": "does not run", "services": []}
    state = PAUSED if is_paused(pid) else "starts"
    return {"process": name, "state": state, "pid": pid, "services": []}


def _own_standing(root: Path, name: str, by_up: SupervisedProcesses | None) -> dict[str, Any]:
    for pid in (pid for pid, named in process_names(root).items() if named == name):
        if is_paused(pid) and _runs(root, name):
            # It would be asked in vain, for as long as a process that starts is waited for.
            return {"process": name, "state": PAUSED, "pid": pid, "services": []}
    try:
        with AdminClient(socket_path(root, name)) as client:
            said: dict[str, Any] = client.run("status", {}, seconds=ANSWER_SECONDS)
    except NotRunning:
        return _unheard(name, by_up)
    except NoAnswer:
        return {"process": name, "state": HANGS, "pid": _pid_of(root, name), "services": []}
    except DeadlineExceeded:
        return {"process": name, "state": SLOW, "services": []}
    except ColonnadeError:
        # It has the socket and does not answer yet: commands wait until it has started.
        return {"process": name, "state": "starts", "services": []}
    return said | {"state": "not ready" if said["waiting_for"] else "ready"}


def _shortened(standing: dict[str, Any]) -> dict[str, Any]:
    digests = ("declaration", "policies")
    shown = standing | {key: standing[key][:8] for key in digests if key in standing}
    if lag := standing.get("loop_lag_ms"):
        shown["loop_lag_p99"] = f"{lag['p99']:g} ms"
    return shown


def _by_service(found: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for standing in found:
        for service in standing["services"]:
            owner = {None: "-", True: "yes", False: "no"}[service["owner"]]
            yield {**service, "process": standing["process"], "owner": owner}


def _troubles(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    for standing in found:
        name = standing["process"]
        if standing["state"] == "does not run":
            yield f"{name} does not run: {_start(name, standing.get('watched_by'))}."
        elif standing["state"] == "starts":
            yield f"{name} is starting; its log and its /readyz say what it waits for."
        elif standing["state"] == SLOW:
            yield f"{name} did not say within {ANSWER_SECONDS:g} s how it stands; ask it again."
        elif standing["state"] == HANGS:
            yield _hangs(name, standing["pid"], _again(standing))
        elif standing["state"] == PAUSED:
            pid = standing["pid"]
            yield (
                f"{name} stands still: process {pid} is paused and does not answer. Let it go on"
                f" with kill -CONT {pid}, or end it with kill -9 {pid}{_again(standing)}."
            )
        for what, reason in standing.get("waiting_for", {}).items():
            yield f"{name} is not ready: {what}: {reason}"
        yield from _faults(standing)
        yield from _letters(standing)


def _again(standing: dict[str, Any]) -> str:
    """Advice after its end."""
    if "watched_by" in standing:
        return "; colonnade up starts it again, and ends it itself when this lasts"
    return " and start it again"


def _hangs(name: str, pid: int | None, again: str) -> str:
    which = "it" if pid is None else f"process {pid}"
    end = "end it" if pid is None else f"end it with kill -9 {pid}"
    return (
        f"{name} does not answer: {which} runs and is busy with something that it does not leave."
        f" Its log may say with what; when it lasts, {end}{again}."
    )


def _pid_of(root: Path, name: str) -> int | None:
    return next((pid for pid, named in process_names(root).items() if named == name), None)


def _faults(standing: dict[str, Any]) -> Iterator[str]:
    """Faults, without the checks that keep the process from being ready: those were listed
    before."""
    name = standing["process"]
    said = {f"{what}: {reason}" for what, reason in standing.get("waiting_for", {}).items()}
    for fault in standing.get("faults", ()):
        if fault["sentence"] in said:
            continue
        whose = f" ({fault['tenant']})" if fault["tenant"] else ""
        mend = f" {fault['mend']}" if fault["mend"] else ""
        yield f"{name}: {fault['sentence']}{whose} Since {fault['since']}.{mend}"
    if more := standing.get("more_faults"):
        yield f"{name}: and {more} more faults; its log has them all."


def _letters(standing: dict[str, Any]) -> Iterator[str]:
    for service in standing["services"]:
        if number := service.get("dead_letters"):
            yield (
                f"'{service['service']}' has given up {number} times: colonnade deadletters list"
                f" --service {service['service']}"
            )


def _start(name: str, watched_by: int | None) -> str:
    if watched_by is not None:
        return f"colonnade up (process {watched_by}) starts it again; its log says why it ended"
    if name == EVERYTHING:
        return "colonnade run"
    process, _, replica = name.rpartition("-")
    return (
        f"colonnade run {process} --replica {replica}"
        if replica.isdigit()
        else (f"colonnade run {name}")
    )


def _skews(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Differences between processes that should agree."""
    what = {"version": "releases", "declaration": "declarations", "policies": "policies"}
    for key, noun in what.items():
        by_value: dict[str, list[str]] = {}
        for standing in found:
            # The gateway decides nothing, so it has no policies.
            if standing.get(key):
                by_value.setdefault(standing[key], []).append(standing["process"])
        if len(by_value) > 1:
            groups = "; ".join(
                f"{', '.join(names)}: {value[:8]}" for value, names in sorted(by_value.items())
            )
            yield f"Processes run different {noun} ({groups}): reload or restart the older ones."


def _orphans(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Services whose background work nobody owns at the moment."""
    owned: dict[str, bool] = {}
    for standing in found:
        for service in standing["services"]:
            if service["owner"] is not None:
                name = service["service"]
                owned[name] = owned.get(name, False) or service["owner"]
    for name in (name for name, has_owner in owned.items() if not has_owner):
        yield (
            f"No process owns the background work of '{name}': another takes it within 30 seconds"
            " of the owner's end."
        )
