# SPDX-License-Identifier: Apache-2.0
"""Writes the logs that ``benchmarks.read_log`` reads.

Run ``python -m benchmarks.read_log_inputs FOLDER SAMPLES MANY ROWS``. A process of its own,
because it takes a gigabyte: Inspect AI runs 300 samples against its mock model, and writes a
log in which each stands many times under other ids. Longer logs of smaller samples, for the
growth of time and memory, are written as Inspect writes them, without building them first.
"""

from __future__ import annotations

import json
import random
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

RECORDED = 300
QUESTION_CHARACTERS = 1_300
ANSWER_CHARACTERS = 3_300
EXPLANATION_CHARACTERS = 7_300
SMALL_CHARACTERS = 1_000
ROW_CHARACTERS = 2_400
ZSTANDARD = 93

Json = dict[str, Any]


class Prose:
    """Text without meaning that packs about as well as English."""

    def __init__(self) -> None:
        self._random = random.Random(7)  # noqa: S311 - seeded, and nothing secret
        letters = self._random
        words = ["".join(letters.choices("aeioulnrstdgm", k=2 + n % 7)) for n in range(300)]
        self._phrases = [" ".join(letters.choices(words, k=4)) for _ in range(1000)]
        self._weights = [1 / (rank + 2) for rank in range(1000)]

    def __call__(self, characters: int) -> str:
        """Return so many characters."""
        return " ".join(self._random.choices(self._phrases, self._weights, k=characters // 9))[
            :characters
        ]


def recorded_log(folder: Path, prose: Prose) -> EvalLog:
    """Run Inspect AI and return the log of its samples."""
    from inspect_ai import Task
    from inspect_ai import eval as run
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.log import read_eval_log
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import Score, Scorer, Target, accuracy, scorer, stderr
    from inspect_ai.solver import TaskState, generate, system_message

    def answer(*_: object) -> ModelOutput:
        output = ModelOutput.from_content("mockllm/model", prose(ANSWER_CHARACTERS))
        output.usage = ModelUsage(input_tokens=5, output_tokens=5, total_tokens=10)
        return output

    @scorer(metrics=[accuracy(), stderr()])
    def graded() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            del target
            value = "C" if int(state.sample_id) % 3 else "I"
            explanation = prose(EXPLANATION_CHARACTERS)
            return Score(value=value, answer=state.output.completion[:200], explanation=explanation)

        return score

    samples = [
        Sample(
            id=number,
            input=prose(QUESTION_CHARACTERS),
            target=prose(40),
            metadata={"category": prose(12), "difficulty": number % 5},
        )
        for number in range(1, RECORDED + 1)
    ]
    task = Task(
        dataset=MemoryDataset(samples, name="toy", location="toy.jsonl"),
        solver=[system_message("Be brief."), generate()],
        scorer=graded(),
        name="toy",
        version=2,
    )
    model = get_model("mockllm/model", custom_outputs=answer)
    log = run(task, model=model, log_dir=str(folder / "runs"), display="none")[0]
    return read_eval_log(log.location)


def write_recorded(path: Path, log: EvalLog, count: int) -> None:
    """Write a log in which the recorded samples stand ``count`` times in all."""
    from inspect_ai.log import write_eval_log

    if not (log.samples and log.reductions and log.results):
        raise SystemExit(f"the recorded run has no results: {log.error}")
    recorded, [reduction] = log.samples, log.reductions
    by_id = {sample.sample_id: sample for sample in reduction.samples}
    chosen = [recorded[number % len(recorded)] for number in range(count)]
    log.samples = [
        sample.model_copy(update={"id": number, "uuid": f"{sample.uuid}{number}"})
        for number, sample in enumerate(chosen, start=1)
    ]
    reduction.samples = [
        by_id[sample.id].model_copy(update={"sample_id": number})
        for number, sample in enumerate(chosen, start=1)
    ]
    log.eval.dataset.samples, log.eval.dataset.sample_ids = count, list(range(1, count + 1))
    log.results.total_samples = log.results.completed_samples = count
    right = sum(score.value == "C" for sample in chosen for score in (sample.scores or {}).values())
    for score in log.results.scores:
        score.scored_samples = count
        score.metrics["accuracy"].value = right / count
    write_eval_log(log, str(path))


def write_small(path: Path, header: Json, count: int, prose: Prose) -> None:
    """Write a log of small samples, one after the other."""
    import inspect_ai._util.zipfile  # noqa: F401 - teaches zipfile to write Zstandard

    texts = [(prose(SMALL_CHARACTERS), prose(SMALL_CHARACTERS)) for _ in range(500)]
    with zipfile.ZipFile(path, "w", ZSTANDARD) as archive:
        for number in range(1, count + 1):
            name = f"samples/{number}_epoch_1.json"
            archive.writestr(name, json.dumps(small_sample(number, *texts[number % 500])))
        with archive.open("summaries.json", "w", force_zip64=True) as file:
            for piece in summaries(count, texts):
                file.write(piece)
        archive.writestr("header.json", json.dumps(small_header(header, count)))


def small_sample(number: int, question: str, answer: str) -> Json:
    """Make a sample of about seven thousand bytes."""
    messages = [
        {"id": f"m{number}a", "content": question, "source": "input", "role": "user"},
        {"id": f"m{number}b", "content": answer, "role": "assistant", "model": "mockllm/model"},
    ]
    return {
        "id": number,
        "epoch": 1,
        "input": question,
        "target": "yes",
        "messages": messages,
        "output": {"model": "mockllm/model", "choices": [{"message": messages[1]}]},
        "scores": small_scores(number, answer),
        "metadata": {},
        "store": {},
        "events": [{"event": "model", "input": messages[:1], "output": {"completion": answer}}],
        "model_usage": {"mockllm/model": {"input_tokens": 5, "output_tokens": 5}},
        "uuid": f"sample-{number}",
        "error_retries": [],
        "attachments": {},
    }


def small_scores(number: int, answer: str) -> Json:
    """Make the scores of a sample."""
    value = "C" if number % 3 else "I"
    return {"graded": {"value": value, "answer": answer[:80], "explanation": answer, "history": []}}


def summaries(count: int, texts: list[tuple[str, str]]) -> Iterator[bytes]:
    """Yield the array of summaries, three thousand bytes for each, as Inspect packs it."""
    yield b"["
    for number in range(1, count + 1):
        question, answer = texts[number % len(texts)]
        summary = {
            "id": number,
            "epoch": 1,
            "input": question,
            "target": "yes",
            "metadata": {"notes": answer[:600]},
            "scores": small_scores(number, answer),
            "model_usage": {"mockllm/model": {"input_tokens": 5, "output_tokens": 5}},
            "uuid": f"sample-{number}",
            "retries": 0,
            "completed": True,
            "message_count": 2,
        }
        joint = "," if number > 1 else ""
        yield f"{joint}{json.dumps(summary, separators=(',', ':'))}".encode()
    yield b"]"


def small_header(header: Json, count: int) -> Json:
    """Make the header of a log of ``count`` samples from that of a recorded one."""
    changed: Json = json.loads(json.dumps(header))
    dataset = changed["eval"]["dataset"]
    dataset["samples"], dataset["sample_ids"] = count, list(range(1, count + 1))
    changed["results"]["total_samples"] = changed["results"]["completed_samples"] = count
    for score in changed["results"]["scores"]:
        score["scored_samples"] = count
        score["metrics"]["accuracy"]["value"] = (count - count // 3) / count
    return changed


def write_rows(folder: Path, count: int, prose: Prose) -> None:
    """Write a run of lm-evaluation-harness: results, and a line for each sample."""
    folder.mkdir()
    time = "2026-01-02T03-04-05.678901"
    texts = [prose(ROW_CHARACTERS) for _ in range(200)]
    with (folder / f"samples_sums_{time}.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(count):
            lines.write(json.dumps(row(number, texts[number % 200])) + "\n")
    config = {
        "task": "sums",
        "dataset_path": "org/sums",
        "output_type": "generate_until",
        "metric_list": [{"metric": "exact_match", "aggregation": "mean"}],
    }
    results = {
        "results": {"sums": {"alias": "sums", "exact_match,none": (count - count // 2) / count}},
        "configs": {"sums": config},
        "versions": {"sums": 1.0},
        "n-shot": {"sums": 0},
        "n-samples": {"sums": {"original": count, "effective": count}},
        "config": {"model": "hf", "model_args": "pretrained=org/model"},
        "date": 1_767_323_045.0,
        "lm_eval_version": "0.4.13",
    }
    (folder / f"results_{time}.json").write_text(json.dumps(results), encoding="utf-8")


def row(number: int, text: str) -> Json:
    """Make one line of about 3,740 bytes."""
    problem, response = text[:600], text[600:]
    return {
        "doc_id": number,
        "doc": {"problem": problem, "answer": "3", "level": "Level 3", "type": "Algebra"},
        "target": "3",
        "arguments": {"gen_args_0": {"arg_0": problem, "arg_1": {"do_sample": False}}},
        "resps": [[response]],
        "filtered_resps": [response[:200]],
        "filter": "none",
        "metrics": ["exact_match"],
        "doc_hash": "ab" * 32,
        "prompt_hash": "cd" * 32,
        "target_hash": "ef" * 32,
        "exact_match": float(number % 2 == 0),
    }


def main() -> int:
    """Write everything into the folder that is named."""
    folder, (samples, many, rows) = Path(sys.argv[1]), map(int, sys.argv[2:5])
    prose = Prose()
    log = recorded_log(folder, prose)
    write_recorded(folder / "large.eval", log, samples)
    header = log.model_copy(update={"samples": None, "reductions": None})
    plain = json.loads(header.model_dump_json(exclude_none=True))
    write_small(folder / "few.eval", plain, samples, prose)
    write_small(folder / "many.eval", plain, many, prose)
    write_rows(folder / "lm_eval", rows, prose)
    return 0


if __name__ == "__main__":
    sys.exit(main())
