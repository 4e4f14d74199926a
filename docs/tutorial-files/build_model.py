# SPDX-License-Identifier: Apache-2.0
"""Write a checkpoint of one table: for each number below 100, a weight for each digit."""

import json
import random
import struct
from pathlib import Path

random.seed(1)
weights = [random.random() for _ in range(1000)]
header = {"table": {"dtype": "F32", "shape": [100, 10], "data_offsets": [0, 4000]}}
text = json.dumps(header).encode()

folder = Path("model")
folder.mkdir()
(folder / "model.safetensors").write_bytes(
    struct.pack("<Q", len(text)) + text + struct.pack("<1000f", *weights)
)
(folder / "config.json").write_text('{"architectures": ["DigitTable"]}\n')
(folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nAnswers a number with a digit.\n")
