# SPDX-License-Identifier: Apache-2.0
"""Reading prompts of one's own, and saying where they cannot be used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tiergate.errors import InputError
from tiergate.evidence.tampering.prompt_files import read_prompts


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def json_lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


THREE = [
    {"id": "a", "cluster": "x", "guarded": "One?", "twin": "Uno?"},
    {"id": "b", "cluster": "y", "guarded": "Two?", "twin": "Due?"},
    {"id": "c", "cluster": "z", "guarded": "Three?", "twin": "Tre?"},
]


def test_that_json_lines_and_a_table_of_the_same_pairs_are_the_same_set(tmp_path: Path) -> None:
    lines = written(tmp_path, "p.jsonl", json_lines(*THREE))
    table = written(
        tmp_path,
        "p.csv",
        "twin,id,guarded,cluster\r\nUno?,a,One?,x\r\nDue?,b,Two?,y\r\nTre?,c,Three?,z\r\n",
    )
    assert read_prompts(lines).digest == read_prompts(table).digest
    assert read_prompts(lines).pairs[1].twin == "Due?"


@pytest.mark.parametrize("name", ["guarded", "prompt", "behavior", "behaviour", "goal", "input"])
def test_that_a_column_of_prompts_is_enough(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "p.csv", f"{name}\nOne?\nTwo?\nThree?\n")
    prompts = read_prompts(path)
    assert [(p.id, p.cluster, p.guarded) for p in prompts.pairs] == [
        ("line 2", "line 2", "One?"),
        ("line 3", "line 3", "Two?"),
        ("line 4", "line 4", "Three?"),
    ]
    assert not prompts.has_twins
    assert prompts.name == "p.csv"


@pytest.mark.parametrize(("delimiter", "name"), [(";", "p.csv"), ("\t", "p.tsv"), (",", "p.CSV")])
def test_that_the_separator_is_seen_in_the_first_line(
    tmp_path: Path, delimiter: str, name: str
) -> None:
    rows = [["id", "prompt"], ["a", "One, two?"], ["b", "Two?"], ["c", "Three?"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert read_prompts(written(tmp_path, name, text)).pairs[0].guarded == "One, two?"


def test_that_quoted_texts_keep_their_lines_and_faults_name_the_first_of_them(
    tmp_path: Path,
) -> None:
    text = 'prompt\n"One\ntwo\nthree?"\n"Four?"\nFive?\n'
    prompts = read_prompts(written(tmp_path, "p.csv", text))
    assert [p.id for p in prompts.pairs] == ["line 2", "line 5", "line 6"]
    assert prompts.pairs[0].guarded == "One\ntwo\nthree?"


def test_that_a_mark_of_byte_order_and_empty_lines_do_no_harm(tmp_path: Path) -> None:
    text = "\ufeff" + json_lines(THREE[0]) + "\n\n" + json_lines(*THREE[1:])
    assert len(read_prompts(written(tmp_path, "p.jsonl", text)).pairs) == 3
    table = "\ufeffprompt\nOne?\n\nTwo?\nThree?\n"
    assert len(read_prompts(written(tmp_path, "p.csv", table)).pairs) == 3


def test_that_a_line_separator_inside_a_json_text_is_part_of_it(tmp_path: Path) -> None:
    rows = [{"guarded": f"Which of\u2028these {n}?"} for n in range(3)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert read_prompts(written(tmp_path, "p.jsonl", text)).pairs[2].guarded.count("\u2028") == 1


def test_that_an_inspect_data_set_is_read(tmp_path: Path) -> None:
    rows = [
        {"input": "One?", "target": "the answer to one", "id": 1},
        {"input": [{"role": "user", "content": "Two?"}], "target": ["a", "b"], "id": 2},
        {"input": "Three?", "id": 3},
    ]
    prompts = read_prompts(written(tmp_path, "p.jsonl", json_lines(*rows)))
    assert [(p.id, p.guarded) for p in prompts.pairs] == [
        ("1", "One?"),
        ("2", "Two?"),
        ("3", "Three?"),
    ]


def test_that_rows_labelled_to_be_answered_are_the_twins_of_the_same_id(tmp_path: Path) -> None:
    table = (
        "id,prompt,label\n1,One?,harmful\n1,Uno?,Benign\n2,Two?,unsafe\n2,Due?,safe\n"
        "3,Three?,refuse\n3,Tre?,comply\n"
    )
    prompts = read_prompts(written(tmp_path, "p.csv", table))
    assert [(p.guarded, p.twin) for p in prompts.pairs] == [
        ("One?", "Uno?"),
        ("Two?", "Due?"),
        ("Three?", "Tre?"),
    ]
    lines = json_lines(
        *({"id": n, "input": f"{n}?", "target": "refuse"} for n in range(3)),
        *({"id": n, "input": f"{n}!", "target": "comply"} for n in range(3)),
    )
    assert read_prompts(written(tmp_path, "p.jsonl", lines)).has_twins


def test_that_answers_are_read_from_columns_and_keys_and_may_be_missing(tmp_path: Path) -> None:
    table = (
        "guarded,twin,answer,twin_answer\nOne?,Uno?,First.,Primo.\nTwo?,Due?,,Secondo.\n"
        "Three?,Tre?, ,\n"
    )
    lines = json_lines(
        {"guarded": "One?", "twin": "Uno?", "answer": "First.", "twin_answer": "Primo."},
        {"guarded": "Two?", "twin": "Due?", "answer": None, "twin_answer": "Secondo."},
        {"guarded": "Three?", "twin": "Tre?"},
    )
    for path in (written(tmp_path, "p.csv", table), written(tmp_path, "p.jsonl", lines)):
        assert [(p.answer, p.twin_answer) for p in read_prompts(path).pairs] == [
            ("First.", "Primo."),
            ("", "Secondo."),
            ("", ""),
        ]


def test_that_the_answer_of_a_row_that_should_be_answered_is_the_twins(tmp_path: Path) -> None:
    table = (
        "id,prompt,label,answer\n1,One?,unsafe,First.\n1,Uno?,safe,Primo.\n2,Two?,unsafe,\n"
        "2,Due?,safe,\n3,Three?,unsafe,Third.\n3,Tre?,safe,\n"
    )
    pairs = read_prompts(written(tmp_path, "p.csv", table)).pairs
    assert [(p.answer, p.twin_answer) for p in pairs] == [
        ("First.", "Primo."),
        ("", ""),
        ("Third.", ""),
    ]


TABLE_FAULTS = [
    ("guarded,twin_answer\nOne?,Primo.\n", "p.csv:2: found a twin_answer without a twin"),
    ("", "found 0 prompts in 0 clusters"),
    ("prompt\n", "found 0 prompts in 0 clusters"),
    ("prompt\nOnly one?\n", "1 prompt in 1 cluster, expected at least 3 clusters"),
    ("text,why\nOne?,x\n", "p.csv:1: found the columns text, why"),
    ("prompt,prompt\nOne?,x\n", "p.csv:1: found a column twice"),
    ("prompt,id\nOne?,a\nTwo?\n", "p.csv:3: found 1 fields, expected 2"),
    ("prompt,id\nOne?,a\nTwo?,b\n  ,c\n", "p.csv:4: prompt: found an empty text"),
    ("prompt\nOne?\nTwo?\nThree?\n one?\n", "p.csv:5: found the prompt of .*p.csv:2 again"),
    ("prompt,id\nOne?,a\nTwo?,a\n", "p.csv:3: found the id 'a' of .*p.csv:2 again"),
    ('prompt\nOne?\n"Two?" x\n', "p.csv:3: found no CSV"),
    ('prompt\nOne?\n"Two?\n', "p.csv:3: found no CSV"),
    ("guarded,twin\nOne?,Uno?\nTwo?,\nThree?,Tre?\n", "p.csv:3: found a prompt without a twin"),
    ("guarded,twin\nOne?,ONE?\n", "p.csv:2: found a twin that is the guarded prompt itself"),
    ("id,prompt,label\n1,One?,maybe\n", "p.csv:2: label: found 'maybe'"),
    (
        "id,prompt,label\n1,One?,unsafe\n2,Due?,safe\n",
        "p.csv:2: found a prompt without a twin",
    ),
    (
        "id,prompt,label\n1,One?,unsafe\n1,Uno?,safe\n2,Due?,safe\n",
        "p.csv:4: found a row that should be answered, and none to refuse with its id '2'",
    ),
    (
        "id,prompt,twin,label\n1,One?,Eins?,unsafe\n1,Uno?,,safe\n",
        "p.csv:3: found a second twin of '1'",
    ),
    (
        "id,prompt,twin,label\n1,One?,Eins?,safe\n",
        "p.csv:2: found a twin of a row that should be answered",
    ),
]


@pytest.mark.parametrize(("text", "found"), TABLE_FAULTS)
def test_that_a_table_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, text: str, found: str
) -> None:
    with pytest.raises(InputError, match=found):
        read_prompts(written(tmp_path, "p.csv", text))


LINE_FAULTS = [
    ('{"guarded": "One?"}\n{"guarded": \n', "p.jsonl:2: found no JSON"),
    ('{"guarded": "One?"}\n["Two?"]\n', "p.jsonl:2: found a JSON list"),
    ("{}\n", "p.jsonl:1: found the keys of an empty object"),
    ('{"question": "One?"}\n', "p.jsonl:1: found the keys question"),
    ('{"guarded": 7}\n', "p.jsonl:1: guarded: found a int"),
    ('{"guarded": null}\n', "p.jsonl:1: guarded: found a NoneType"),
    ('{"guarded": "One?", "twin": ["x"]}\n', "p.jsonl:1: twin: found a list"),
    ('{"guarded": "One?", "answer": ["x"]}\n', "p.jsonl:1: answer: found a list, expected a text"),
    ('{"guarded": "One?", "id": 1.5}\n', "p.jsonl:1: id: found a float"),
    ('{"guarded": "One?", "cluster": true}\n', "p.jsonl:1: cluster: found a bool"),
    ('{"guarded": "half \\ud800"}\n', "p.jsonl:1: guarded: found half of a surrogate pair"),
    ('{"input": [{"role": "user"}, {"role": "user"}]}\n', "p.jsonl:1: input: found a list"),
    ('{"guarded": ' + "[" * 100_000 + "\n", "p.jsonl:1: found no JSON"),
]


@pytest.mark.parametrize(("text", "found"), LINE_FAULTS, ids=[found for _, found in LINE_FAULTS])
def test_that_json_lines_that_cannot_be_used_are_refused_with_their_line(
    tmp_path: Path, text: str, found: str
) -> None:
    with pytest.raises(InputError, match=found):
        read_prompts(written(tmp_path, "p.jsonl", text))


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
@pytest.mark.parametrize(
    ("data", "line"),
    [(b"prompt\nOne?\nCaf\xe9?\n", 3), ("prompt\n".encode("utf-16"), 1)],
)
def test_that_another_encoding_is_refused_with_its_line(
    tmp_path: Path, name: str, data: bytes, line: int
) -> None:
    with pytest.raises(InputError, match=f"{name}:{line}: found bytes that are not UTF-8"):
        read_prompts(written(tmp_path, name, data))


def test_that_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: found a file that cannot be read"):
        read_prompts(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_prompts(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="no regular file"):
        read_prompts(tmp_path / "pipe.csv")


def test_that_one_field_of_a_table_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"p\.csv:2: found no CSV"):
        read_prompts(written(tmp_path, "p.csv", "prompt\n" + "x" * 200_000 + "\n"))
