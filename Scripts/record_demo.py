#!/usr/bin/env python3
"""Runs `apus demo`, which ends with what `apus message explain` prints, and draws what it printed as Documentation/demo.svg.

usage: Scripts/record_demo.py [path of apus]     (without it, .build/debug/apus)
"""

import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
CHARACTER, LINE, MARGIN = 8.43, 20, 16
SECONDS_A_LINE = 0.45


def lines(apus):
    printed = subprocess.run([apus, "demo"], check=True, text=True, capture_output=True, timeout=60).stdout
    return ["$ apus demo", *printed.rstrip().splitlines()]


def drawing(lines):
    """The lines appear one after the other, more slowly than they came."""
    width = int(max(map(len, lines)) * CHARACTER) + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN
    rows = [
        f'<text x="{MARGIN}" y="{MARGIN + number * LINE + 14}" style="animation-delay:{number * SECONDS_A_LINE:.2f}s">'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    ]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<style>@keyframes appear{from{opacity:0}to{opacity:1}} text{white-space:pre;fill:#d8dee9;"
        "font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;animation:appear .1s both}"
        "@media(prefers-reduced-motion:reduce){text{animation:none}}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1d222b"/>', *rows, "</svg>\n"])


if __name__ == "__main__":
    apus = sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/debug/apus"
    (ROOT / "Documentation/demo.svg").write_text(drawing(lines(apus)))
