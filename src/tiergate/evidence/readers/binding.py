# SPDX-License-Identifier: Apache-2.0
"""What a log says about which weights ran, turned into a binding and never into more.

A root digest counts as taken at load only under the name ``tiergate_root_digest``, and
only where a run itself records it. A revision of 40 hexadecimal digits is a commit. What
was changed while loading (an adapter, a quantisation) makes other weights of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding, BindingLevel, Relation
from tiergate.evidence.readers.values import as_text, shortened

DIGEST_FIELD = "tiergate_root_digest"
"""Field under which a run records the root digest of the weights that it loaded."""
VARIANT_FIELD = "tiergate_variant_digest"
"""Field under which a run records the weights digest of what an attack made of them."""
RECIPE_FIELD = "tiergate_recipe"
"""Field under which a run records how they were attacked."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")

_CHANGED_AT_LOAD = {
    "adapter": Relation.ADAPTER_ON,
    "adapters": Relation.ADAPTER_ON,
    "lora_local_path": Relation.ADAPTER_ON,
    "lora_path": Relation.ADAPTER_ON,
    "peft": Relation.ADAPTER_ON,
    "delta": Relation.FINE_TUNED_FROM,
    "autogptq": Relation.QUANTISED_FROM,
    "gguf_file": Relation.QUANTISED_FROM,
    "gptqmodel": Relation.QUANTISED_FROM,
    "load_in_4bit": Relation.QUANTISED_FROM,
    "load_in_8bit": Relation.QUANTISED_FROM,
    "quantization": Relation.QUANTISED_FROM,
    "quantization_config": Relation.QUANTISED_FROM,
}
"""Loading arguments after which the weights that run are not the ones that were named."""

_BESIDE_WEIGHTS = ("chat_template", "tokenizer", "tokenizer_path")
"""Loading arguments that put another tokenizer or template beside the weights."""


def stated_digest(places: Mapping[str, object], where: str) -> str:
    """Return the root digest that a log states at one or more places; empty when at none.

    Args:
        places: from the name of each place to what stands there; None where nothing does.
        where: how messages name the log.

    Raises:
        EvidenceError: something there is no root digest, or two places differ.
    """
    given = {place: value for place, value in places.items() if value is not None}
    for place, value in sorted(given.items()):
        if not isinstance(value, str) or not _DIGEST.fullmatch(value):
            raise EvidenceError(
                f"{where}: {place}",
                f"{shortened(repr(value), 80)}",
                "sha256: and 64 lower-case hexadecimal digits",
                "Run the evaluation again with the root digest that `tiergate check` prints.",
            )
    digests = sorted({as_text(value) for value in given.values()})
    if len(digests) > 1:
        raise EvidenceError(
            where,
            f"{len(digests)} different root digests ({', '.join(digests)})",
            "one",
            "Keep runs on different weights in different logs.",
        )
    return digests[0] if digests else ""


def bound(
    name: str, *, digest: str, revision: str, path: str, arguments: Mapping[str, object]
) -> Binding:
    """Form the binding that a log supports.

    Args:
        name: what the log calls the model.
        digest: the root digest taken at load; empty when there is none.
        revision: commit, tag or branch; empty when the log does not say.
        path: the repository or folder that was loaded; empty when the log does not say.
        arguments: the arguments of loading.
    """
    relation = _relation(arguments)
    as_named = _is_given_none_of(_BESIDE_WEIGHTS, arguments, path)
    # Where somebody keeps a folder is nobody's business; its last part is its name.
    name = " ".join(
        word.rstrip("/").rsplit("/", 1)[-1] if word.startswith(("/", "./", "../", "~")) else word
        for word in name.split(" ")
    )
    # A revision says nothing about a folder: loaders ignore it there.
    if path.startswith(("/", ".", "~")):
        revision = ""
    if digest:
        return Binding(
            level=BindingLevel.DIGEST_AT_LOAD,
            # Weights behave differently behind another tokenizer: nobody knows how they relate.
            relation=Relation.IDENTICAL if relation is Relation.UNKNOWN and as_named else relation,
            name=name,
            revision=revision,
            root_digest=digest,
        )
    if not revision:
        return Binding(level=BindingLevel.NAME, relation=relation, name=name)
    commit = _COMMIT.fullmatch(revision) is not None
    level = BindingLevel.IMMUTABLE_REVISION if commit else BindingLevel.MUTABLE_REVISION
    return Binding(level=level, relation=relation, name=name, revision=revision)


def _is_given_none_of(names: tuple[str, ...], arguments: Mapping[str, object], path: str) -> bool:
    return all(arguments.get(name) in (None, False, "", path) for name in names)


def _relation(arguments: Mapping[str, object]) -> Relation:
    for argument, relation in sorted(_CHANGED_AT_LOAD.items()):
        if arguments.get(argument) not in (None, False, "", "False", "false", "None"):
            return relation
    return Relation.UNKNOWN
