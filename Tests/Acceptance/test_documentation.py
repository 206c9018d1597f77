"""What the documentation names must exist."""

import re
from xml.sax.saxutils import unescape

import pytest

from server import REPOSITORY, run

PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("Documentation/*.md")])


def page_name(page):
    return str(page.relative_to(REPOSITORY))


def prose(page):
    """A page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page):
    """What a link to a heading of the page may say behind its `#`."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists() and REPOSITORY in [file, *file.parents], target
        if anchor:
            assert anchor in anchors(file), target


def test_every_test_that_a_page_names_exists():
    tests = "\n".join(file.read_text() for file in REPOSITORY.glob("Tests/Acceptance/test_*.py"))
    for page in PAGES:
        for name in re.findall(r"`(test_\w+|Test\w+)`", page.read_text()):
            assert re.search(rf"(def|class) {name}\b", tests), f"{page_name(page)}: {name}"


def example_keys():
    """The keys of `apus config example` with their defaults, `none` for a key without one."""
    keys, section = {}, ""
    for line in run("config", "example").stdout.splitlines():
        if match := re.fullmatch(r"(\w+):", line):
            section = match[1]
        elif match := re.fullmatch(r"  (\w+):(?: (.+))?", line):
            keys[f"{section}.{match[1]}"] = match[2] or "none"
    return keys


def test_the_table_of_configuration_keys_is_complete():
    page = (REPOSITORY / "Documentation/configuration.md").read_text()
    rows = re.findall(r"^\| `(\w+\.\w+)` \| `?(.+?)`? \|", page, re.MULTILINE)
    assert dict(rows) == example_keys()
    assert [key for key, _ in rows] == list(example_keys()), "the order is another"


def test_the_table_says_which_keys_are_reloadable():
    page = (REPOSITORY / "Documentation/configuration.md").read_text()
    documented = re.findall(r"^\| `\w+\.(\w+)` .*\(reloadable\) \|$", page, re.MULTILINE)
    lines = run("config", "example").stdout.splitlines()
    assert documented == [
        line.split(":")[0].strip() for before, line in zip(lines, lines[1:]) if before.endswith("; reloadable).")]


def test_the_example_file_is_what_the_command_prints():
    assert (REPOSITORY / "apus.example.yaml").read_text() == run("config", "example").stdout


def test_the_table_of_metrics_is_complete(server):
    page = (REPOSITORY / "Documentation/operations.md").read_text()
    table = page.split("## Metrics")[1].split("\n## ")[0]
    documented = set(re.findall(r"`((?:apus|process)_\w+)", table))
    assert documented == set(re.findall(r"^# TYPE (\w+)", server.get("/metrics").text, re.MULTILINE))


def test_the_recording_shows_what_the_demo_prints():
    """Made by Scripts/record_demo.py; names and times are others each time."""
    recorded = re.findall("<text [^>]*>(.*)</text>", (REPOSITORY / "Documentation/demo.svg").read_text())
    printed = ["$ apus demo", *run("demo").stdout.rstrip().splitlines()]
    assert [without_particulars(unescape(line)) for line in recorded] == [without_particulars(line) for line in printed]


def without_particulars(line):
    return re.sub(r"[0-9A-Fa-f][0-9A-Fa-f:.TZ-]{5,}|/\S+/|\b[0-9]+ m?s\b", "…", line)
