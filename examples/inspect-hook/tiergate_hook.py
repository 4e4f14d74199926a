# SPDX-License-Identifier: Apache-2.0
"""Writes the root digest of the weights that Inspect loaded into the log of the run.

Import it where the tasks are, or install this folder: Inspect then finds the hook by itself.
It looks at the transformers model that a provider such as ``hf`` has loaded, identifies the
files that it came from, and adds ``tiergate_root_digest`` to the metadata of the log before
the first sample runs. For a model behind an API it writes nothing. Where the files cannot be
identified the run goes on, and ``tiergate_root_digest_error`` says why.

Inspect asks hooks to leave the specification of a task alone, because it is the object that
the log is written from. This one replaces its metadata with a copy that has one field more.
Should a later Inspect hand out a copy instead, the log has no digest and is tied by name.
A task that you write yourself can do without the hook: ``Task(..., metadata=loaded_weights())``.
"""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

from anyio import to_thread
from huggingface_hub import try_to_load_from_cache
from inspect_ai.hooks import Hooks, RunStart, TaskStart, hooks
from inspect_ai.model import get_model

from tiergate.model.checkpoint import identify

DIGEST = "tiergate_root_digest"
ERROR = "tiergate_root_digest_error"

# A model stays in memory while files may change, so what was found when it was new holds.
_FOUND: weakref.WeakKeyDictionary[Any, dict[str, str]] = weakref.WeakKeyDictionary()


def loaded_weights(base: Path | None = None) -> dict[str, str]:
    """Return metadata about the weights of the model that is active; empty when there are none.

    Args:
        base: where relative paths to models start; the current folder by default.
    """
    return _metadata(getattr(get_model().api, "model", None), base or Path.cwd())


def _metadata(network: Any, base: Path) -> dict[str, str]:  # noqa: ANN401 - transformers has no types
    if not getattr(network, "name_or_path", ""):
        return {}
    if network not in _FOUND:
        try:
            _FOUND[network] = {DIGEST: identify(_files_of(network, base)).root_digest}
        except Exception as error:  # noqa: BLE001 - whatever it is, the evaluation has to go on
            _FOUND[network] = {ERROR: str(error)}
    return _FOUND[network]


def _files_of(network: Any, base: Path) -> Path:  # noqa: ANN401 - transformers has no types
    name: str = network.name_or_path
    if getattr(network, "_hf_peft_config_loaded", False):
        raise ValueError(f"{name}: an adapter was loaded on it, so two sets of files ran")
    if (base / name).exists():
        return base / name
    commit = getattr(network.config, "_commit_hash", None)
    config = try_to_load_from_cache(name, "config.json", revision=commit)
    if not isinstance(config, str):
        raise FileNotFoundError(f"{name}: neither a folder nor in the cache of the hub client")
    return Path(config).parent


@hooks(name="tiergate_root_digest", description="writes the digest of the weights into the log")
class RootDigest(Hooks):
    """Adds what ``loaded_weights`` finds to the log of every task."""

    base = Path.cwd()

    async def on_run_start(self, data: RunStart) -> None:  # noqa: ARG002 - the signature is Inspect's
        """Remember where the run started; relative paths were given from there."""
        self.base = Path.cwd()

    async def on_task_start(self, data: TaskStart) -> None:
        """Identify the files and write the digest."""
        found = await to_thread.run_sync(loaded_weights, self.base)
        if found:
            data.spec.metadata = {**(data.spec.metadata or {}), **found}
