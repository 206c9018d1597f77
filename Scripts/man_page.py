#!/usr/bin/env python3
"""Prints the manual page of a program, made of what its own help says.

usage: Scripts/man_page.py PROGRAM >PROGRAM.1
"""

import json
import subprocess
import sys
from pathlib import Path


def text(words):
    """As roff takes it: nothing that begins a line may be a request."""
    escaped = (words or "").replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in escaped.splitlines())


def names(argument):
    """As in --name <value>."""
    value = argument.get("valueName", "")
    if argument["kind"] == "positional":
        return f"<{value}>"
    spelled = ", ".join(("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"])
    return spelled if argument["kind"] == "flag" else f"{spelled} <{value}>"


def command(entry, path):
    """The commands below this one, each with what it takes."""
    children = [child for child in entry.get("subcommands", []) if child["commandName"] != "help"]
    if not children and len(path) > 1:
        yield f".SS {text(' '.join(path))}"
        yield text(entry.get("abstract"))
        if entry.get("discussion"):
            yield ".PP\n" + text(entry["discussion"])
        for argument in entry.get("arguments", []):
            if argument["shouldDisplay"] and names(argument) not in ("-h, --help", "--version"):
                yield f".TP\n\\fB{text(names(argument))}\\fR\n{text(argument.get('abstract'))}"
    for child in children:
        yield from command(child, [*path, child["commandName"]])


def main():
    program = Path(sys.argv[1]).resolve()
    ask = lambda *arguments: subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    root = json.loads(ask("--experimental-dump-help"))["command"]
    name = root["commandName"]
    lines = [
        f'.TH {name.upper()} 1 "" "{name} {ask("--version").strip()}"', ".SH NAME",
        f"{name} \\- {text(root['abstract']).rstrip('.')}", ".SH SYNOPSIS", f".B {name}\n<command> [options]",
        ".SH DESCRIPTION", text(root.get("discussion")).replace("\n\n", "\n.PP\n"), ".SH COMMANDS",
        *command(root, [name]),
    ]
    print("\n".join(line for line in lines if line))


main()
