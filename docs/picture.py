# SPDX-License-Identifier: Apache-2.0
"""Draw what a command printed as an SVG, for the README.

    tiergate check MODEL --store STORE > screen.txt
    python docs/picture.py "tiergate check ./model" screen.txt docs/images/check.svg

Plain text in, plain shapes out: no font is fetched and no script runs.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path

CHARACTER, LINE, PADDING = 7.3, 17, 18
COLOURS = {
    "UNDETERMINED": "#e6b450",
    "undetermined": "#e6b450",
    "NOT\u00a0MET": "#ff8f93",
    "not\u00a0met": "#ff8f93",
    "MET": "#6fcf9f",
}


def coloured(line: str) -> str:
    """Return a line as SVG text, with its outcome word coloured and headings bold."""
    for word, colour in COLOURS.items():
        before, found, after = line.partition(word)
        if found and not before.strip(
            "\u00a0 T0123456789■□/…,.()abcdefghijklmnopqrstuvwxyzAWMHGOIFP-"
        ):
            span = f'<tspan fill="{colour}">{html.escape(found)}</tspan>'
            return f"{html.escape(before)}{span}{html.escape(after)}"
    if line[:1].isupper() and line.split("\u00a0\u00a0", maxsplit=1)[0].isupper():
        heading, _, rest = line.partition("\u00a0\u00a0")
        bold = f'<tspan font-weight="bold">{html.escape(heading)}</tspan>'
        return f"{bold}\u00a0\u00a0{html.escape(rest)}" if rest else bold
    return html.escape(line)


def picture(command: str, screen: str) -> str:
    """Return the SVG of a terminal that ran ``command`` and printed ``screen``."""
    lines = [f"$ {command}", "", *screen.rstrip().splitlines()]
    width = round(max(map(len, lines)) * CHARACTER + 2 * PADDING)
    height = LINE * len(lines) + 2 * PADDING
    rows = "\n".join(
        f'<text x="{PADDING}" y="{PADDING + LINE * (number + 1) - 4}">{coloured(line)}</text>'
        for number, line in enumerate(lines)
        if line
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(command)}">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#14171b"/>\n'
        '<g fill="#e6e8eb" font-size="12" xml:space="preserve" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace">'
        f"\n{rows}\n</g>\n</svg>\n"
    )


def main() -> None:
    """Read the screen from a file and write the picture."""
    command, screen, output = sys.argv[1:]
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    # Spaces next to each other would be drawn as one.
    text = picture(command, Path(screen).read_text(encoding="utf-8").replace(" ", "\u00a0"))
    Path(output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
