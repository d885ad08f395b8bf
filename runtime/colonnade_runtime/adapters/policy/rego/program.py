"""Compiles Rego with regopy and runs it, within one thread.

A bundle is built once, because a plain query compiles anew each time. Input goes in as JSON text
and not as Python values: regopy does not escape the latter, so that a quote in a value would
come out as syntax.

Nothing but the engine is imported here, so that a process made to try policies out starts fast.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from regopy import Interpreter, LogLevel, RegoError

DECISION = "colonnade/decision"
ACTIONS = "colonnade/actions"

ModuleText: TypeAlias = tuple[str, str]
"""The path and the text of a module."""


def module_name(index: int) -> str:
    """The name by which the engine knows the module at `index` of those it was given.

    Saving a bundle writes each module to a path of its name, below a folder or, for `/…` and
    `../…`, anywhere. A file's own path must therefore never be a name.
    """
    return f"{index}.rego"


class CompilationFault(Exception):
    """The modules do not compile; the text is the engine's own report, by `module_name`."""


class EngineFault(Exception):
    """The engine gave no usable answer; the message says what happened instead."""


class UndefinedFault(EngineFault):
    """A rule has no value: nothing that it says holds."""


class Program:
    """Compiled policies and the interpreter that runs them. Use it in one thread only.

    Raises:
        CompilationFault: when the modules do not compile.
    """

    def __init__(
        self, modules: Sequence[ModuleText], entries: Sequence[str] = (DECISION, ACTIONS)
    ) -> None:
        builder = _interpreter()
        try:
            for index, (_, text) in enumerate(modules):
                builder.add_module(module_name(index), text)
            self._bundle = builder.build(None, list(entries))
        except RegoError as error:
            raise CompilationFault(str(error)) from None
        if not self._bundle.ok():
            raise CompilationFault("")
        self._builder = builder
        self._runner = _interpreter()

    def answer(self, entry: str, input_text: str) -> object:
        """Evaluate `entry` (as `package/rule`) for the input document, given as JSON text.

        Raises:
            EngineFault: when it is undefined, an error, or not JSON.
        """
        try:
            self._runner.set_input_term(input_text)
            output = self._runner.query_bundle_entrypoint(self._bundle, entry)
        except json.JSONDecodeError:
            raise EngineFault("its result cannot be read; is a rule defined by itself?") from None
        except (RegoError, ValueError) as error:
            raise EngineFault(str(error).partition("\n")[0] or "the engine failed") from None
        if not output.ok():
            raise EngineFault(
                "evaluation failed, for instance in a built-in or a double definition"
            )
        expressions = output.results[0].expressions if output.results else []
        if len(expressions) != 1:
            raise UndefinedFault("the result is undefined")
        result: object = expressions[0]
        return result

    def builtins(self) -> frozenset[str]:
        """The built-ins that the compiled policies call, operators included."""
        with tempfile.TemporaryDirectory(prefix="colonnade-policy-") as folder:
            self._builder.save_bundle(folder, self._bundle)
            plan = json.loads((Path(folder) / "plan.json").read_text("utf-8"))
        return frozenset(item["name"] for item in plan["static"].get("builtin_funcs", ()))


def input_text(document: object) -> str:
    """The JSON text of an input document, in the form that compares equal to policy literals."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _interpreter() -> Interpreter:
    interpreter = Interpreter()
    interpreter.log_level = LogLevel.NONE
    interpreter.strict_built_in_errors = True
    return interpreter
