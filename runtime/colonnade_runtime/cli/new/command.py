"""`colonnade new`: files to start from."""

import re
import shutil
from pathlib import Path

import click
import yaml

from colonnade.errors import ConfigurationError
from colonnade_runtime.cli.new.migration import new_migration
from colonnade_runtime.cli.new.plugin_files import PluginNames, plugin_files
from colonnade_runtime.cli.new.policy_copies import copied_policy
from colonnade_runtime.cli.plan_policies import policy_files_of, policy_files_text
from colonnade_runtime.cli.site import Site
from colonnade_runtime.declaration import DeclarationError, load_platform_outline
from colonnade_runtime.declaration.demo_site import PARTS, SCHEMAS, demo_folder
from colonnade_runtime.declaration.model.tenant import TENANT_ID_PATTERN
from colonnade_runtime.declaration.schema import write_schemas
from colonnade_runtime.declaration.tenant_files import check_tenant_text


@click.group()
def new() -> None:
    """Create a tenant, plugin, migration, policy or site."""


new.add_command(new_migration)


@new.command()
@click.argument("tenant_id", metavar="ID")
@click.option("--name", help="The academy's name; without it, the id.")
@click.option("--email", help="The owner's address; without it, owner@ID.example.")
@click.option("--currency", default="EUR", show_default=True, help="What its prices are in.")
@click.pass_obj
def tenant(site: Site, tenant_id: str, name: str | None, email: str | None, currency: str) -> None:
    """Write the file of the tenant ID; a running platform that watches takes it up."""
    if not re.fullmatch(TENANT_ID_PATTERN, tenant_id):
        raise click.ClickException(
            f"'{tenant_id}' is no tenant id: use 3 to 40 of a-z, 0-9 and '-', a letter first."
        )
    try:
        outline = load_platform_outline(site.path, settings=site.settings)
    except DeclarationError as error:
        raise click.ClickException(error.message) from error
    path = outline.root / outline.tenants_folder / f"{tenant_id}.yaml"
    owner = f"owner@{tenant_id}.example" if email is None else email
    text = _tenant_text(tenant_id, tenant_id if name is None else name, owner, currency)
    try:
        # One that is wrong would keep a running platform from every other change, too.
        check_tenant_text(text, str(path))
    except DeclarationError as error:
        raise click.ClickException(f"Nothing was written.\n{error.message}") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(text)
    except FileExistsError as error:
        raise click.ClickException(f"{path} exists already; choose another id.") from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
    click.echo(f"Wrote {path}.")


def _tenant_text(tenant_id: str, name: str, email: str, currency: str) -> bytes:
    declared = {
        "version": 1,
        "id": tenant_id,
        "name": _literally(name),
        "owner": {
            "email": _literally(email),
            "password": {"secret": "env:COLONNADE_OWNER_PASSWORD"},
        },
        "currency": _literally(currency),
    }
    return yaml.safe_dump(declared, sort_keys=False, allow_unicode=True, encoding="utf-8")


def _literally(text: str) -> str:
    """`text` as a value that stands for itself: a dollar sign would start a variable."""
    return text.replace("$", "$$")


@new.command("site")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def new_site(folder: Path) -> None:
    """Copy the demo platform (platform.yaml, tenants, policies, schemas) into the empty DIR."""
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty; name a new folder.")
    try:
        source = demo_folder()
    except ConfigurationError as error:
        raise click.ClickException(error.message) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, folder / part)
            else:
                shutil.copyfile(source / part, folder / part)
        # Where the first line of every file says that they are.
        (folder / SCHEMAS).mkdir(parents=True)
        write_schemas(folder / SCHEMAS)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}.") from error
    platform = folder / "platform.yaml"
    click.echo(f"Wrote {folder}. Start it with: colonnade --platform {platform} run")
    _tell_of_policies(platform)


def _tell_of_policies(platform: Path) -> None:
    try:
        policies = policy_files_of(platform.parent / "policies", Site(platform).plugins())
    except ConfigurationError:
        # The site is written nevertheless; `check` and `run` say what is wrong with a plugin.
        return
    click.echo("It runs with these policies:")
    for line in policy_files_text(policies):
        click.echo(line)
    click.echo(
        "To change one of a plugin's, take a copy; it counts instead: "
        f"colonnade --platform {platform} new policy course"
    )


@new.command("policy")
@click.argument("name", metavar="FILE")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write; without it, the platform's policy folder.",
)
@click.pass_obj
def new_policy(site: Site, name: str, into: Path | None) -> None:
    """Copy a plugin's policy FILE, course.rego say, and its tests into the policy folder.

    There it takes the place of the plugin's.
    """
    try:
        folder = into or site.policies_folder()
        written = copied_policy(name, site.plugins(), folder)
    except ConfigurationError as error:
        raise click.ClickException(error.message) from error
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}.") from error
    click.echo(f"Wrote {' and '.join(map(str, written))}.")


@new.command("plugin")
@click.argument("name", metavar="NAME")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write; without it, one of the distribution's name here.",
)
@click.option("--item", help="What the service keeps, in the singular: question, course-review.")
@click.option("--plural", help="Several of the item, where its plural is irregular.")
def new_plugin(name: str, into: Path | None, item: str | None, plural: str | None) -> None:
    """Write a plugin with a service of its own: acme-quiz is one for the service quiz.

    The last part of NAME names the service. The plugin is complete, and its tests pass:
    package, policies, migrations, contract test.
    """
    try:
        names = PluginNames.of(name, item, plural)
    except ConfigurationError as error:
        raise click.ClickException(error.message) from error
    folder = into or Path(names.distribution)
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty; name another with --into.")
    try:
        for path, text in plugin_files(names).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}.") from error
    click.echo(
        f"Wrote {folder}, the plugin '{names.plugin}' with the service '{names.service}'.\n"
        f"Install it with: pip install -e '{_as_path(folder)}[test]'\n"
        f"Check it with: colonnade check --plugin {folder}"
    )


def _as_path(folder: Path) -> str:
    """`folder` as pip takes it for a path, not for the name of a distribution."""
    return str(folder) if folder.is_absolute() else f"./{folder}"
