"""Reads `tenants/<id>.yaml`: one file alone, for a reload, or the whole folder."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from colonnade.policy import NO_VOCABULARY, Vocabulary
from colonnade_runtime.declaration.configs import ConfigModels, ConfigReader
from colonnade_runtime.declaration.cross_origin import cross_origin_problems
from colonnade_runtime.declaration.ignored_files import is_ignored
from colonnade_runtime.declaration.model.platform import Platform
from colonnade_runtime.declaration.model.section import write_out
from colonnade_runtime.declaration.model.tenant import TENANT_ID_PATTERN, Tenant
from colonnade_runtime.declaration.model.tenant_policy import tenant_policy_problems
from colonnade_runtime.declaration.validation import validate
from colonnade_runtime.declaration.yaml.origins import OriginKind, Origins
from colonnade_runtime.declaration.yaml.parser import ParseError, parse, read_file
from colonnade_runtime.declaration.yaml.problems import (
    DeclarationError,
    Location,
    Problem,
    closest,
)
from colonnade_runtime.declaration.yaml.tree import MappingNode, Path, dotted, matching
from colonnade_runtime.declaration.yaml.values import Values, values_of

_ID = re.compile(TENANT_ID_PATTERN)


@dataclass(frozen=True, slots=True)
class TenantRules:
    """Rules that the platform has for its tenants."""

    services: tuple[str, ...]
    domain: str
    is_production: bool
    configs: ConfigReader
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    vocabulary: Vocabulary = NO_VOCABULARY


def load_tenant(
    path: FilePath,
    *,
    platform: Platform,
    tenant_config_models: ConfigModels | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Tenant:
    """The tenant declared in the file at `path`, as `platform` allows it.

    Ask `domain_conflicts` whether it fits the other tenants.

    Raises:
        DeclarationError: with every problem of the file.
    """
    rules = TenantRules(
        services=platform.enabled_services,
        domain=platform.gateway.domain,
        is_production=platform.is_production,
        configs=ConfigReader(tenant_config_models or {}, "service"),
        environ=environ,
    )
    tenant, problems = read_tenant(path, rules)
    if tenant is not None:
        problems += cross_origin_problems(tenant, platform)
    if tenant is None or problems:
        raise DeclarationError(problems)
    return tenant


def check_tenant_text(data: bytes, shown: str) -> None:
    """Hold what is going to be a tenant's file against the form of one; `shown` is its path.

    Raises:
        DeclarationError: with everything that is wrong with it.
    """
    try:
        tree = parse(data, shown)
    except ParseError as error:
        raise DeclarationError([error.problem]) from None
    values = values_of(tree, {})
    _, problems = validate(Tenant, write_out(values.data, Tenant), tree)
    if problems := [*values.problems, *problems]:
        raise DeclarationError(problems)


def tenant_files(folder: FilePath) -> tuple[list[FilePath], list[Problem]]:
    """The tenant files in `folder`, by name. Hidden files and editors' copies are passed over."""
    files: list[FilePath] = []
    problems: list[Problem] = []
    try:
        listed = sorted(folder.iterdir())
    except FileNotFoundError:
        # `tenants.folder` is named as missing where it is declared.
        listed = []
    except OSError as error:
        message = f"cannot be read: {error.strerror}; tenants are declared there"
        return [], [Problem.at(Location(str(folder)), "", message)]
    for path in listed:
        if is_ignored(path.name):
            continue
        if path.suffix == ".yaml":
            files.append(path)
        elif path.suffix == ".yml":
            message = f"must end in .yaml to be read; rename it to {path.stem}.yaml"
            problems.append(Problem.at(Location(str(path)), "", message))
    return files, problems


def read_tenant(
    path: FilePath, rules: TenantRules, data: bytes | None = None
) -> tuple[Tenant | None, list[Problem]]:
    """The tenant in the file at `path`, or None, and what is wrong with it; `data` are bytes that
    count in place of the file's."""
    shown = str(path)
    try:
        tree = parse(read_file(path, shown) if data is None else data, shown)
    except ParseError as error:
        return None, [error.problem]
    values = values_of(tree, rules.environ)
    declared = write_out(values.data, Tenant)
    tenant, problems = validate(Tenant, declared, tree)
    broken = {problem.path for problem in values.problems}
    problems = [problem for problem in problems if problem.path not in broken]
    problems += values.problems
    problems += _check(path, tree, declared, rules)
    problems += tenant_policy_problems(declared.get("policy"), tree, rules.vocabulary)
    if tenant is not None:
        problems += _read_configs(tenant, tree, rules)
        tenant._domain_places = _places(tree, ("domains",), len(tenant.domains))
        origins = len(tenant.cors.origins or ())
        tenant._origin_places = _places(tree, ("cors", "origins"), origins)
    return tenant, problems


def tenant_origins(path: FilePath, environ: Mapping[str, str] = os.environ) -> Origins:
    """Origins of the values of a valid tenant file.

    Raises:
        DeclarationError: when the file is not YAML any more.
    """
    shown = str(path)
    try:
        tree = parse(read_file(path, shown), shown)
    except ParseError as error:
        raise DeclarationError([error.problem]) from None
    values: Values = values_of(tree, environ)
    return Origins(tree, {shown: OriginKind.FILE}, values.variables)


def domain_conflicts(tenants: Iterable[Tenant]) -> Iterator[Problem]:
    """Every domain that two of `tenants` claim, at both places."""
    claimed: dict[str, tuple[str, Location]] = {}
    for tenant in tenants:
        for index, (domain, place) in enumerate(
            zip(tenant.domains, tenant._domain_places, strict=True)
        ):
            path = f"domains[{index}]"
            if domain not in claimed:
                claimed[domain] = (path, place)
                continue
            other_path, other = claimed[domain]
            yield Problem.at(place, path, f"'{domain}' is claimed at {other} too")
            yield Problem.at(other, other_path, f"'{domain}' is claimed at {place} too")


def _check(
    path: FilePath, tree: MappingNode, data: dict[str, object], rules: TenantRules
) -> Iterator[Problem]:
    yield from _check_id(path, tree, data.get("id"))
    yield from _check_domains(tree, data.get("domains"), rules.domain)
    yield from _check_services(tree, data.get("services"), rules.services)
    if rules.is_production:
        yield from _check_links(tree, data.get("links"))
    owner = data.get("owner")
    if rules.is_production and isinstance(owner, dict) and "password" not in owner:
        place = matching(tree, ("owner",))[2]
        message = "production must say it; write {secret: env:NAME} or {secret: file:/path}"
        yield Problem.at(place, "owner.password", message)


def _check_id(path: FilePath, tree: MappingNode, declared: object) -> Iterator[Problem]:
    if not _ID.fullmatch(path.stem):
        message = (
            "the file must be called as its tenant: 3 to 40 of a-z, 0-9 and '-', a letter first"
        )
        yield Problem.at(Location(str(path)), "", message)
    elif isinstance(declared, str) and declared != path.stem:
        place = matching(tree, ("id",))[1].place
        yield Problem.at(place, "id", f"must be '{path.stem}', as the file is called")


def _check_domains(tree: MappingNode, domains: object, parent: str) -> Iterator[Problem]:
    for index, domain in enumerate(domains if isinstance(domains, list) else ()):
        if isinstance(domain, str) and (domain == parent or domain.endswith(f".{parent}")):
            place = matching(tree, ("domains", index))[1].place
            message = f"names below '{parent}' are given to tenants by their id; remove it"
            yield Problem.at(place, f"domains[{index}]", message)


def _check_links(tree: MappingNode, links: object) -> Iterator[Problem]:
    for name, link in links.items() if isinstance(links, dict) else ():
        if isinstance(link, str) and link.lower().startswith("http:"):
            place = matching(tree, ("links", name))[1].place
            message = "production must say https: the link carries what opens an account"
            yield Problem.at(place, f"links.{name}", message)


def _check_services(
    tree: MappingNode, services: object, known: tuple[str, ...]
) -> Iterator[Problem]:
    for name in services if isinstance(services, dict) else ():
        if name not in known:
            path = ("services", name)
            place = matching(tree, path)[2]
            message = "is not an enabled service of this platform"
            yield Problem.at(place, dotted(path), message, closest(name, known))


def _read_configs(tenant: Tenant, tree: MappingNode, rules: TenantRules) -> Iterator[Problem]:
    for name in rules.services:
        section = tenant.services.get(name)
        declared = section.config if section else {}
        config, problems = rules.configs.read(name, declared, tree, ("services", name, "config"))
        yield from problems
        if config is not None:
            tenant._configs[name] = config


def _places(tree: MappingNode, path: Path, count: int) -> tuple[Location, ...]:
    return tuple(matching(tree, (*path, index))[1].place for index in range(count))
