"""`colonnade doctor`: what of the machine and the installation would be in the way."""

import sys
from collections.abc import Iterator

import click

from colonnade.errors import ConfigurationError
from colonnade_runtime.cli.output import format_option, show_json
from colonnade_runtime.cli.site import Site
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.observability.failures import failure_in_words
from colonnade_runtime.plugins.installed import installed_plugins
from colonnade_runtime.process.preflight.machine import (
    addresses,
    is_writable,
    refused_port,
    store_folders,
)
from colonnade_runtime.process.socket_file import owner_of

Finding = tuple[bool, str]


@click.command(short_help="Look at Python, plugins, folders and ports.")
@format_option
@click.pass_obj
def doctor(site: Site, style: str) -> None:
    """Look at Python, every installed plugin, folders and ports; exit 1 when one is in the way.

    A broken plugin that the platform does not enable is named, too.
    """
    findings = list(_findings(site))
    if style == "json":
        show_json([{"fine": is_fine, "finding": sentence} for is_fine, sentence in findings])
    else:
        for is_fine, sentence in findings:
            click.echo(f"{'ok     ' if is_fine else 'problem'} {sentence}")
    if not all(is_fine for is_fine, _ in findings):
        raise click.exceptions.Exit(1)


def _findings(site: Site) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield sys.version_info >= (3, 11), f"Python {version}; 3.11 or newer is needed."
    yield from _installed()
    try:
        loaded = site.load(site.plugins())
    except ConfigurationError as error:
        for line in error.message.splitlines():
            yield False, line
        return
    yield from _folders(loaded)
    yield from _ports(loaded)


def _installed() -> Iterator[Finding]:
    for name, distribution, version, entry in installed_plugins():
        subject = f"plugin '{name}' ({distribution} {version})"
        try:
            entry.load()
        except (Exception, SystemExit) as error:
            yield False, f"{subject} cannot be imported: {failure_in_words(error)}"
        else:
            yield True, f"{subject} can be imported."


def _folders(loaded: LoadedPlatform) -> Iterator[Finding]:
    for _, folder in store_folders(loaded):
        writable = is_writable(folder)
        yield writable, f"{folder} {'can' if writable else 'cannot'} be written."


def _ports(loaded: LoadedPlatform) -> Iterator[Finding]:
    for host, port, names in addresses(loaded):
        refusal = refused_port(host, port)
        if refusal is None:
            yield True, f"{host}:{port} is free."
            continue
        running = (owner_of(loaded.root, name) for name in names)
        owner = next((said for said in running if said), None)
        if owner is None:
            yield False, f"{host}:{port} cannot be listened on: {refusal}."
        else:
            yield True, f"{host}:{port} is in use by this platform: {owner}."
