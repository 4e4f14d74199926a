# SPDX-License-Identifier: Apache-2.0
"""A commented starting point for a policy of one's own."""

from __future__ import annotations

import json
import os
from datetime import date
from importlib import resources
from pathlib import Path
from string import Template

from tiergate.decision.policy_document import load_policy, parse_policy, shipped_policies


def starting_point(extends: str | None, policy_id: str, today: date, folder: Path) -> str:
    """Return a policy file that validates, to be filled in.

    Args:
        extends: the policy that it extends; None for one that stands alone.
        policy_id: its name.
        today: date of the facts in it.
        folder: where it will stand, to name a file that it extends from there.

    Raises:
        PolicyError: there is no such policy, or the name is none that a policy can have.
    """
    if extends is None:
        text = _template("alone").substitute(id=policy_id, today=today)
        parse_policy(text.encode(), policy_id)
        return text
    below = load_policy(extends)
    is_found_alike = extends in shipped_policies() or Path(extends).is_absolute()
    text = _template("extension").substitute(
        id=policy_id,
        today=today,
        name=extends if is_found_alike else os.path.relpath(extends, folder),
        below=f"{below.id} {below.version}",
        # Quoted as JSON, which is YAML too: a title may hold anything.
        title=json.dumps(f"{below.title}, stricter", ensure_ascii=False),
        highest=below.tiers[-1].tier,
    )
    if extends in shipped_policies():
        parse_policy(text.encode(), policy_id)
    return text


def _template(name: str) -> Template:
    source = resources.files(__package__).joinpath(f"starting_points/{name}.yaml")
    licence, _, text = source.read_text("utf-8").partition("\n")
    assert licence.startswith("# SPDX")  # noqa: S101 - of the template, not of what is made of it
    return Template(text)
