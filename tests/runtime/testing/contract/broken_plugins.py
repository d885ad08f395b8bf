"""Ways to break a plugin, by the rule that has to notice.

In file names and texts SERVICE and TITLE stand for the names of the plugin that is written.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Break:
    """In `file`, `new` stands where `old` did; the rule answers a sentence with `says` in it.
    `also` holds further changes of the same file."""

    file: str
    old: str
    new: str
    says: str
    also: tuple[tuple[str, str], ...] = ()


BREAKS: dict[str, list[Break]] = {
    "says_who_it_is": [
        Break(
            "plugin.py",
            'version="0.0.1"',
            'version="1"',
            "is not semantic",
        ),
        Break(
            "plugin.py",
            'description="The SERVICE service."',
            'description=""',
            "no description",
        ),
        Break(
            "plugin.py",
            "def plugin_info",
            "def about",
            "plugin_info does not answer",
        ),
        Break(
            "plugin.py",
            'service="SERVICE"',
            'service="Quiz Show"',
            "cannot stand in platform.yaml",
        ),
    ],
    "hooks_are_known_and_called_right": [
        Break(
            "plugin.py",
            "def events()",
            "def event()",
            "did you mean 'events'?",
        ),
        Break(
            "plugin.py",
            "def stores()",
            "def stores(where)",
            "where",
        ),
    ],
    "hooks_answer": [
        Break(
            "plugin.py",
            "    from acme_SERVICE.api import EVENTS\n",
            "    raise OSError('lost')\n",
            "its hook events raises OSError: lost",
        ),
    ],
    "what_it_requires_exists": [
        Break(
            "plugin.py",
            'service="SERVICE",',
            'service="SERVICE", requires=("attic",),',
            "'attic'",
        ),
        Break(
            "plugin.py",
            'service="SERVICE",',
            'service="SERVICE", requires=("SERVICE",),',
            "own",
        ),
    ],
    "imports_no_more_than_it_may": [
        Break(
            "service.py",
            "import func",
            ("import func\n\nimport colonnade_runtime"),
            "colonnade_runtime",
        ),
        Break(
            "service.py",
            "import func",
            ("import func\nfrom colonnade_user import models #"),
            "api",
        ),
    ],
    "asks_nobody_it_does_not_require": [
        Break(
            "service.py",
            "import func",
            ("import func\nfrom colonnade_user.api import GetUser #"),
            "GetUser",
        ),
        Break(
            "service.py",
            ("        return await self._ctx.store.read(\n            lambda session: present"),
            (
                "        from colonnade_user import api\n"
                "        api.GetUser\n"
                "        return await self._ctx.store.read(\n"
                "            lambda session: present"
            ),
            "add 'user' to `requires`",
        ),
    ],
    "operations_are_its_own": [
        Break(
            "api.py",
            'action="SERVICE_item.delete"',
            'action="delete"',
            "not `resource.verb`",
        ),
        Break(
            "api.py",
            '    """Remove an item."""\n',
            "",
            "has no docstring",
        ),
        Break(
            "api.py",
            ", DeleteTITLEItem)",
            ")",
            "is in the api and not returned",
        ),
        Break(
            "api.py",
            'operation("SERVICE", action="SERVICE_item.delete"',
            'operation("user", action="SERVICE_item.delete"',
            "belongs to 'user'",
        ),
    ],
    "events_are_its_own": [
        Break(
            "api.py",
            "EVENTS = (TITLEItemCreated,)",
            "EVENTS = ()",
            "hook `events`",
        ),
        Break(
            "api.py",
            'event("SERVICE"',
            'event("user"',
            "belongs to 'user'",
        ),
    ],
    "errors_have_codes_of_their_own": [
        Break(
            "api.py",
            "errors=[TITLEFull]",
            "errors=[TITLEFull, type('Twin', (Conflict,), {'code': TITLEFull.code})]",
            "share the code",
        ),
    ],
    "operations_have_handlers": [
        Break(
            "service.py",
            "    @handles(DeleteTITLEItem)\n",
            "",
            "has 0 handlers",
        ),
    ],
    "subscriptions_have_reactions": [
        Break(
            "plugin.py",
            "return [TITLEItemCreated]",
            "return []",
            "from `subscriptions` as well",
        ),
        Break(
            "reactions.py",
            "    @reacts_to(TITLEItemCreated)\n",
            "",
            "has no reaction",
        ),
    ],
    "reactions_can_be_found": [
        Break(
            "service.py",
            "yield [ItemHandlers(ctx), Reactions()]",
            'yield [ItemHandlers(ctx), type("Elsewhere", (Reactions,), {})()]',
            "the reaction Elsewhere.",
        ),
    ],
    "sagas_and_schedules_bind": [
        Break(
            "plugin.py",
            ("@hookimpl\ndef stores"),
            (
                "@hookimpl\n"
                "def schedules() -> Any:\n"
                "    from colonnade.services import Schedule\n"
                "    return [Schedule('tidy', 60.0, 'tidy')]\n"
                "\n"
                "\n"
                "@hookimpl\n"
                "def stores"
            ),
            "'tidy'",
        ),
    ],
    "messages_are_frozen_and_closed": [
        Break(
            "api.py",
            ("    item_id: UUID\n    title: str"),
            ("    item_id: UUID\n    title: str\n    model_config = {'frozen': False}"),
            "can be changed",
        ),
        Break(
            "api.py",
            ("    item_id: UUID\n    title: str"),
            ("    item_id: UUID\n    title: str\n    model_config = {'extra': 'ignore'}"),
            "unknown fields",
        ),
    ],
    "messages_survive_the_bus": [
        Break(
            "api.py",
            ("    item_id: UUID\n    title: str"),
            (
                "    item_id: UUID\n"
                "    title: Annotated[str, StringConstraints(pattern='^a$'), StringCons"
                "traints(min_length=2)]"
            ),
            "examples",
        ),
        Break(
            "api.py",
            ("    item_id: UUID\n    title: str"),
            ("    item_id: UUID\n    title: str = __import__('pydantic').Field(exclude=True)"),
            "does not read what it wrote",
        ),
    ],
    "personal_fields_are_marked": [
        Break(
            "api.py",
            ("    item_id: UUID\n    title: str"),
            ("    item_id: UUID\n    title: str\n    email: str"),
            "Personal()",
        ),
    ],
    "secret_fields_are_marked": [
        Break(
            "api.py",
            ("    item_id: UUID\n    title: str"),
            ("    item_id: UUID\n    title: str\n    api_key: str"),
            "Confidential()",
        ),
    ],
    "config_models_are_strict": [
        Break(
            "config.py",
            'extra="forbid"',
            'extra="ignore"',
            "takes unknown keys",
        ),
        Break(
            "config.py",
            "frozen=True",
            "frozen=False",
            "can be changed",
        ),
    ],
    "config_keys_are_described": [
        Break(
            "config.py",
            ', description="How many items an academy may have."',
            "",
            "no description",
        ),
    ],
    "config_defaults_will_do": [
        Break(
            "config.py",
            "Field(10_000, ",
            "Field(",
            "Give every key a default",
        ),
    ],
    "tables_are_on_the_placeholder_schema": [
        Break(
            "models.py",
            "metadata = tenant_metadata()",
            "metadata = type(tenant_metadata())()",
            "is on the schema None",
        ),
        Break(
            "models.py",
            "metadata = tenant_metadata()",
            "pass",
            "has a table and no metadata",
        ),
        Break(
            "models.py",
            "class Base(",
            "class Basis(",
            "the models cannot be read",
        ),
    ],
    "migrations_lead_to_the_models": [
        Break(
            "models.py",
            "title: Column[str]",
            "title: Column[str | None]",
            "Table 'items'",
        ),
    ],
    "provisioning_can_be_found": [
        Break(
            "plugin.py",
            'models="acme_SERVICE.models"',
            'models="acme_SERVICE.models", provision="acme_SERVICE.service:fill"',
            "no function 'fill'",
        ),
    ],
    "resource_types_are_those_of_its_operations": [
        Break(
            "plugin.py",
            "return [ITEM]",
            "return [ITEM, ITEM]",
            "two resource types",
        ),
    ],
    "routes_bind_operations": [
        Break(
            "routes.py",
            "CONTROLLERS = [ItemController]",
            (
                "from litestar import get as plain\n"
                "\n"
                "\n"
                "@plain('/past')\n"
                "async def past() -> str:\n"
                "    return ''\n"
                "\n"
                "\n"
                "CONTROLLERS = [past]"
            ),
            "binds no operation",
        ),
        Break(
            "routes.py",
            '"/{item_id:str}", DeleteTITLEItem',
            '"/{item_id:nothing}", DeleteTITLEItem',
            "cannot be mounted",
        ),
    ],
    "paths_take_fields_of_their_requests": [
        Break(
            "routes.py",
            '"/{item_id:str}", DeleteTITLEItem',
            '"/{item:str}", DeleteTITLEItem',
            "has no field 'item'",
        ),
    ],
    "openapi_tells_of_every_route": [
        Break(
            "routes.py",
            '    read = get("/{item_id:str}"',
            (
                '    again = get("/again/{item_id:str}", GetTITLEItem)\n'
                '    read = get("/{item_id:str}"'
            ),
            "bind an operation once",
        ),
    ],
    "streams_are_bound_as_such": [
        Break(
            "api.py",
            'action="SERVICE_item.create"',
            'action="SERVICE_item.create", stream=operation.__globals__["Stream"].UPLOAD',
            "bind it with body=",
        ),
    ],
    "actions_have_policies": [
        Break(
            "api.py",
            "SERVICE_item.delete",
            "SERVICE_item.purge",
            "_item.purge",
        ),
    ],
    "policies_pass_their_tests": [
        Break(
            "policies/SERVICE.rego",
            ('kind == "user"\n\tinput.action == "SERVICE_item.read"'),
            ('kind != "service"\n\tinput.action == "SERVICE_item.read"'),
            "test_a_stranger_reads_nothing",
        ),
    ],
    "grants_of_other_services_are_confirmed": [
        Break(
            "policies/SERVICE.rego",
            "# --- people",
            'actions contains "course.update"\n\n# --- people',
            "grants 'course.update' of the service 'course', which confirmed.yaml",
        ),
        Break(
            "policies/SERVICE.rego",
            "# --- people",
            'actions contains lower("COURSE.update")\n\n# --- people',
            "grants 'course.update' of the service 'course', which confirmed.yaml",
        ),
        Break(
            "policies/SERVICE.rego",
            "# --- people",
            'actions contains "user.read"\n\n'
            'grants contains [] if input.action == "user.read"\n\n# --- people',
            "'user.read' of the service 'user', to strangers too",
        ),
        Break(
            "policies/SERVICE.rego",
            "package colonnade.services.SERVICE",
            "package colonnade.services.course",
            "must not speak in 'package colonnade.services.course'",
        ),
        Break(
            "policies/SERVICE.rego",
            "package colonnade.services.SERVICE",
            "package colonnade",
            "must not speak in 'package colonnade', which is not its own",
        ),
    ],
    "starts_and_stops_twice": [
        Break(
            "service.py",
            "    yield [ItemHandlers(ctx)",
            (
                "    import asyncio\n"
                "    asyncio.create_task(asyncio.sleep(60), name='forgotten')\n"
                "    yield [ItemHandlers(ctx)"
            ),
            "the task 'forgotten' is still there",
        ),
        Break(
            "service.py",
            "    yield [ItemHandlers(ctx)",
            (
                "    import threading\n    threading.Timer(8, print).start()\n"
                "    yield [ItemHandlers(ctx)"
            ),
            "the thread 'Thread-",
        ),
        Break(
            "service.py",
            "    yield [ItemHandlers(ctx)",
            ("    raise RuntimeError('no paper')\n    yield [ItemHandlers(ctx)"),
            "no paper",
        ),
    ],
    "routes_never_break": [
        Break(
            "service.py",
            "        query = EVERY_ITEM.query(call)",
            '        raise KeyError("lost")\n        query = EVERY_ITEM.query(call)',
            "answered 500",
        ),
    ],
    "strangers_are_decided_on": [
        Break(
            "api.py",
            "    title: Title\n",
            "    title: Annotated[str, StringConstraints(pattern='^a$', min_length=2)]\n",
            "to a request made up from its model",
        ),
    ],
    "other_academies_things_do_not_exist": [
        Break(
            "service.py",
            "permitted(session, call, ITEM, ItemRow, request.item_id)",
            "KEPT.get(request.item_id) or permitted(session, call, ITEM, ItemRow, request.item_id)",
            "another academy's object",
            also=(
                ("NEWEST = [", "KEPT = {}\nNEWEST = ["),
                ("session.add(row)\n", "session.add(row)\n            KEPT[row.id] = row\n"),
            ),
        ),
    ],
    "what_it_asks_is_granted": [
        Break(
            "reactions.py",
            "class Reactions:",
            "async def look(ctx, who):\n    with ctx.as_service():\n"
            "        await find(ctx, who)\n\n\n"
            "async def find(ctx, who):\n    await ctx.ask(GetUser(user_id=who))\n\n\n"
            "class Reactions:",
            "reactions.py:17 asks GetUser as 'service:",
            also=(
                (
                    "from colonnade.store import Session\n",
                    "from colonnade.store import Session\nfrom colonnade_user.api import GetUser\n",
                ),
            ),
        ),
    ],
    "contract_only_grows": [
        Break(
            "api.py",
            "max_length=200",
            "max_length=20",
            "takes less in 'title'",
        ),
    ],
    "contract_is_recorded": [
        Break(
            "api.py",
            "max_length=200",
            "max_length=300",
            "its request has changed",
        ),
        Break(
            "policies/SERVICE.rego",
            ('\tinput.principal.kind == "user"\n\tinput.action'),
            "\tinput.action",
            "without a token",
        ),
    ],
}
