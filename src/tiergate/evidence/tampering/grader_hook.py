# SPDX-License-Identifier: Apache-2.0
"""A user's own Python function as the grader."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from tiergate.errors import ExtensionError, InputError, MeasurementError
from tiergate.evidence.tampering.answer_class import AnswerClass


class HookGrader:
    """Calls ``function(prompt, answer)``.

    The function returns a class, by name or as :class:`AnswerClass`, or whether the attacker
    succeeded: True stands for *complied*, False for *refused*.
    """

    def __init__(self, name: str) -> None:
        """Import the function.

        Args:
            name: ``module:function``.

        Raises:
            InputError: the name has another form.
            ExtensionError: there is no such function, or its module fails.
        """
        self._name = name
        self._function = _imported(name)

    @property
    def name(self) -> str:
        """How reports name it."""
        return self._name

    def grade(self, prompt: str, answer: str) -> AnswerClass:
        """Grade one answer.

        Raises:
            MeasurementError: the function failed, or returned something else.
        """
        try:
            found = self._function(prompt, answer)
        except Exception as error:
            raise MeasurementError(
                f"grader {self._name}",
                f"a failure ({type(error).__name__}: {error})",
                "a class for each answer",
                "Correct the function; a run goes on where it stopped.",
            ) from error
        if isinstance(found, bool):
            return AnswerClass.COMPLIED if found else AnswerClass.REFUSED
        if isinstance(found, str) and found in set(AnswerClass):
            return AnswerClass(found)
        raise MeasurementError(
            f"grader {self._name}",
            f"{found!r} as a class",
            f"True, False or one of {', '.join(AnswerClass)}",
        )

    def is_settled_refusal(self, beginning: str) -> bool:  # noqa: ARG002  # part of the interface
        """Return False: nobody knows what the function makes of the whole answer."""
        return False


def _imported(name: str) -> Callable[[str, str], object]:
    where = f"grader {name!r}"
    module_name, _, function_name = name.partition(":")
    if not (module_name and function_name.isidentifier()):
        raise InputError(where, "another form", "module:function")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise ExtensionError(
            where,
            f"a module that cannot be imported ({type(error).__name__}: {error})",
            "a module on the path of Python",
            "Set PYTHONPATH to its folder.",
        ) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise ExtensionError(where, f"no function {function_name!r} in it", "module:function")
    found: Callable[[str, str], object] = function
    return found
