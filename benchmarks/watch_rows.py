# SPDX-License-Identifier: Apache-2.0
"""Millions of rows of hub metadata that nobody uploaded: seeded, and shaped like the real thing.

Names are put together from ids that exist, as people put them together: a base, what was done to
it, a number. More than half of the rows name a base; a fifth of those name another derivative, so
that there are chains. Ids of bases: Interconnects-AI/tracked-models (the ATOM Project), models.csv
at 3cd80206, 2026-08-17, Apache-2.0, https://github.com/Interconnects-AI/tracked-models.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from tiergate.landscape.watch.findings import Question
from tiergate.landscape.watch.released import ReleasedFile, ReleasedModel
from tiergate.landscape.watch.words import shipped_words

BASES = (
    "HuggingFaceTB/SmolVLM-500M-Instruct",
    "Qwen/Qwen-72B-Chat-Int4",
    "Qwen/Qwen1.5-110B-Chat",
    "Qwen/Qwen2-VL-2B-Instruct",
    "Qwen/Qwen2.5-VL-32B-Instruct",
    "Qwen/Qwen3-0.6B-Base",
    "Qwen/Qwen3-4B-Instruct-2507-FP8",
    "Qwen/Qwen3-4B-Thinking-2507-FP8",
    "Qwen/Qwen3.5-0.8B",
    "allenai/BAR-2x7B-Code",
    "allenai/BAR-2x7B-Tool-Use",
    "allenai/Molmo-7B-D-0924",
    "allenai/OLMo-2-0425-1B-Instruct",
    "allenai/OLMo-2-1124-7B-SFT",
    "allenai/OLMo-7B-hf",
    "allenai/dolma2-tokenizer-U10F0F0",
    "allenai/olmOCR-2-7B-1025",
    "allenai/tulu-2-7b",
    "deepseek-ai/DeepSeek-OCR-2",
    "deepseek-ai/DeepSeek-Prover-V1.5-RL",
    "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B",
    "deepseek-ai/DeepSeek-R1-Distill-Llama-70B",
    "deepseek-ai/DeepSeek-V3-Base",
    "deepseek-ai/deepseek-coder-1.3b-base",
    "deepseek-ai/deepseek-coder-7b-base-v1.5",
    "google/codegemma-1.1-2b-pytorch",
    "google/codegemma-7b-it",
    "google/codegemma-7b-it-pytorch",
    "google/gemma-3-12b-it",
    "google/gemma-3-1b-pt",
    "google/gemma-3-4b-pt",
    "google/gemma-4-E2B-it-qat-w4a16-ct",
    "meta-llama/CodeLlama-13b-Python-hf",
    "meta-llama/CodeLlama-7b-Python-hf",
    "meta-llama/Llama-2-7b",
    "meta-llama/Llama-3.2-90B-Vision-Instruct",
    "microsoft/Phi-4-mini-reasoning",
    "mistralai/Ministral-3-3B-Instruct-2512-BF16",
    "mistralai/Ministral-3-8B-Instruct-2512",
    "zai-org/GLM-5-FP8",
    "zai-org/chatglm2-6b-32k",
    "zai-org/codegeex4-all-9b",
    "zai-org/cogagent-9b-20241220",
    "zai-org/cogvlm2-video-llama3-base",
    "zai-org/glm-2b",
    "zai-org/glm-4-9b-chat-hf",
    "zai-org/glm-4-voice-9b",
    "zai-org/glm-4v-9b",
)
RELEASED_AT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
SHARES = {
    "acme-labs/Lantern-7B-Instruct": 0.004,
    "acme-labs/Wick-1.5B": 0.002,
    "o-lab/Ember-27B": 0.001,
}
"""Released models, and which share of the rows that name a base name each."""
_DONE = (
    "-GGUF",
    "-AWQ",
    "-GPTQ-Int4",
    "-8bit",
    "-FP8",
    "-LoRA",
    "-sft",
    "-dpo",
    "-grpo",
    "-merge",
    "-ft-medical",
    "-code",
    "-chat",
    "-it",
    "-v2",
    "-abliterated",
    "-Uncensored",
    "-heretic-GGUF",
)
_WEIGHTS = (20, 6, 4, 6, 4, 12, 12, 5, 4, 6, 5, 6, 5, 4, 4, 0.6, 0.4, 0.2)
_RELATIONS = ("quantized", "adapter", "finetune", "merge")
_TOPICS = (
    "text-generation",
    "conversational",
    "en",
    "zh",
    "trl",
    "unsloth",
    "endpoints_compatible",
)


def released() -> tuple[ReleasedModel, ...]:
    """Return the released models of the benchmark."""
    return tuple(
        ReleasedModel(
            name=name,
            released_at=RELEASED_AT,
            files=(
                ReleasedFile(name="model.safetensors", size_bytes=10, sha256=f"sha256:{digest}"),
            ),
        )
        for name, digest in zip(SHARES, digests(), strict=True)
    )


def digests() -> tuple[str, ...]:
    """Return the digest of the weights of each released model."""
    return tuple(f"{number:064x}" for number in range(1, len(SHARES) + 1))


def question() -> Question:
    """Return what is looked for."""
    words = tuple(part.word for part in shipped_words().words)
    return Question(models=released(), words=words, at=AT)


def write_rows(path: Path, rows: int, seed: int = 8) -> None:
    """Write so many rows as one Parquet file, as an export of a hub."""
    chance = np.random.default_rng(seed)
    names = pl.Series([*SHARES, *BASES])
    share = np.array([*SHARES.values(), *([(1 - sum(SHARES.values())) / len(BASES)] * len(BASES))])
    base = chance.choice(len(names), rows, p=share)
    weights = np.array(_WEIGHTS) / sum(_WEIGHTS)
    done = chance.choice(len(_DONE), rows, p=weights)
    frame = pl.DataFrame({"base": names.gather(base), "done": pl.Series(_DONE).gather(done)})
    ids = frame.select(
        pl.concat_str(
            pl.lit("user"),
            pl.Series(chance.integers(0, rows // 5 + 1, rows)).cast(pl.String),
            pl.lit("/"),
            pl.col("base").str.split("/").list.last(),
            pl.col("done"),
            pl.lit("-"),
            pl.Series(np.arange(rows)).cast(pl.String),
        ).alias("id")
    )["id"]
    # What has to do with nothing has a name of its own.
    own = chance.random(rows) < 0.45
    plain = pl.Series([f"user{n % 7919}/my-model-{n}" for n in range(rows)])
    ids = (
        pl.DataFrame({"a": ids, "b": plain, "own": own})
        .select(pl.when("own").then("b").otherwise("a"))
        .to_series()
    )
    earlier = (chance.random(rows) * np.arange(rows)).astype(np.int64)
    parent = pl.DataFrame(
        {"base": frame["base"], "other": ids.gather(earlier), "chain": chance.random(rows) < 0.2}
    ).select(pl.when("chain").then("other").otherwise("base").alias("parent"))["parent"]
    _frame(chance, ids, parent, ~own).write_parquet(path, row_group_size=250_000)


def _frame(
    chance: np.random.Generator,
    ids: pl.Series,
    parent: pl.Series,
    declares: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> pl.DataFrame:
    rows = len(ids)
    relation = pl.Series(_RELATIONS).gather(chance.integers(0, 4, rows))
    raw = chance.bytes(32 * rows).hex()
    weights = [raw[n * 64 : n * 64 + 64] for n in range(rows)]
    for place in chance.choice(rows, 40, replace=False):
        weights[place] = digests()[place % len(SHARES)]
    seconds = chance.integers(0, 3 * 365 * 86_400, rows)
    start = np.datetime64("2023-11-01T00:00:00", "ms")
    topics = [pl.Series(_TOPICS).gather(chance.integers(0, 7, rows)) for _ in range(3)]
    table = pl.DataFrame(
        {
            "id": ids,
            "sha": pl.Series([each[:40] for each in weights]),
            "createdAt": pl.Series(
                start + seconds.astype("timedelta64[s]").astype("timedelta64[ms]")
            ).cast(pl.Datetime("ms")),
            "downloads": chance.pareto(1.2, rows).clip(0, 1e9).astype(np.int64),
            "library_name": pl.Series(["transformers", "peft", None]).gather(
                chance.integers(0, 3, rows)
            ),
            "parent": parent,
            "relation": relation,
            "declares": declares,
            "weights": pl.Series(weights),
            **{f"topic{n}": topic for n, topic in enumerate(topics)},
        }
    )
    return table.select(
        *("id", "sha", "createdAt", "downloads", "library_name"),
        _tags().alias("tags"),
        pl.struct(pl.when("declares").then("parent").alias("base_model")).alias("cardData"),
        _siblings().alias("siblings"),
    )


def _tags() -> pl.Expr:
    fixed = [pl.lit("safetensors"), *(pl.col(f"topic{n}") for n in range(3))]
    fixed += [pl.lit("license:apache-2.0"), pl.lit("region:us")]
    named = [
        pl.concat_str(pl.lit("base_model:"), "parent"),
        pl.concat_str(pl.lit("base_model:"), "relation", pl.lit(":"), "parent"),
    ]
    return pl.when("declares").then(pl.concat_list(fixed + named)).otherwise(pl.concat_list(fixed))


def _siblings() -> pl.Expr:
    def file(name: str, digest: pl.Expr) -> pl.Expr:
        lfs = pl.struct(digest.alias("sha256"), pl.lit(5_000_000).alias("size")).alias("lfs")
        return pl.struct(pl.lit(name).alias("rfilename"), lfs)

    nothing = pl.lit(None, pl.String)
    return pl.concat_list(
        file("README.md", nothing),
        file("config.json", nothing),
        file("model.safetensors", pl.col("weights")),
    )
