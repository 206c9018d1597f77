"""How long messages are kept, and how many."""

import contextlib
import datetime
import json
import sqlite3
import time

import pytest

from onepush import App, ids
from server import run
from waiting import eventually


def retention(app, *arguments, code=0):
    ended = run("app", "retention", app.id, *arguments, APUS_SERVER=app.server.url, APUS_ADMIN_TOKEN=app.server.token)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def kept(app, messages):
    """Those of the messages that the server still knows."""
    answers = {message: app.get(f"/v1/messages/{message}").status_code for message in messages}
    assert set(answers.values()) <= {200, 404}
    return [message for message, status in answers.items() if status == 200]


def test_the_latest_messages_are_kept_and_all_that_have_not_expired(start_server):
    server = start_server(retention__count=3)
    usual, own, unlimited = (App(server) for _ in range(3))
    assert "1" in retention(own, "--count", "1")
    retention(unlimited, "--count", "0")
    phone = own.register()
    waiting = own.send(alert="still to come", duration=3600)
    sent = {app: [app.send(duration=1) for _ in range(5)] for app in (usual, own, unlimited)}

    eventually(lambda: server.metric("apus_messages_removed_total") >= 6, within=40)
    assert kept(usual, sent[usual]) == sent[usual][2:]
    assert kept(own, [waiting, *sent[own]]) == [waiting, sent[own][4]]
    assert kept(unlimited, sent[unlimited]) == sent[unlimited]
    assert server.metric("apus_messages_removed_total") == 6

    server.kill()
    server.start()
    assert json.loads(retention(own, "--json"))["count"] == 1
    with phone.connect() as connection:
        assert ids(connection.messages(1)) == [waiting]


def test_what_waits_for_its_time_is_kept_until_it_was_sent_and_from_then_on(start_server):
    server = start_server(retention__count=1)
    app, other = App(server), App(server)
    phone = app.register()
    at = int(time.time() * 1000) + 4000
    waiting = app.send(duration=2, sendAt=at)
    before = [app.send(audienceType="ALIAS", audiences=["nobody"], duration=1) for _ in range(3)]
    server.kill()
    server.start()
    with phone.connect() as connection:
        assert ids(connection.messages(1)) == [waiting]
    eventually(lambda: time.time() * 1000 > at + 2000)
    # When these are looked at, the other has expired.
    later = [other.send(duration=1) for _ in range(2)]
    eventually(lambda: kept(other, later) == later[1:], within=40)
    assert kept(app, [*before, waiting]) == [before[2], waiting]


def test_after_the_clock_was_set_back_messages_are_as_old_as_they_are(start_server):
    server = start_server(retention__count=1)
    app = App(server)
    server.kill()
    ahead = int(time.time() * 1000) + 3650 * 86_400_000
    with contextlib.closing(sqlite3.connect(server.data / "apus.db")) as database, database:
        database.execute("UPDATE purged SET last = ?", [ahead << 21])
    server.start()
    old = app.send(duration=1)
    sent = time.time()
    eventually(lambda: time.time() > sent + 0.1)
    young = app.send(duration=1)
    assert ahead <= int(old) >> 21 <= int(young) >> 21
    created = app.get(f"/v1/messages/{young}").json()["createdAt"]
    assert abs(datetime.datetime.fromisoformat(created.replace("Z", "+00:00")).timestamp() - time.time()) < 60
    eventually(lambda: kept(app, [old, young]) == [young], within=40)
    server.kill()
    server.start()
    assert int(app.send()) > int(young)


def test_the_command_sets_shows_and_takes_back(app):
    usual = retention(app)
    assert usual.split() == ["age", "7d", "(default)", "count", "any", "(default)"]
    assert retention(app, "--age", "36h", "--count", "100000").split() == ["age", "36h", "count", "100000"]
    shown = json.loads(retention(app, "--json"))
    assert shown == {"age": 36 * 3600, "count": 100_000, "default": {"age": 7 * 86_400, "count": 0}}
    assert retention(app, "--count", "0").split() == ["age", "7d", "(default)", "count", "any"]
    assert retention(app, "--default") == usual == retention(app)


@pytest.mark.parametrize(("arguments", "code", "what"), [
    (["--age", "soon"], 2, "must be a time such as 12h or 30d"),
    (["--age", "1s"], 1, "age must be 60 to"),
    (["--count", "-1"], 2, ""),
    (["--count", "99999999"], 1, "count must be 0 to 10000000 messages"),
    (["--default", "--count", "1"], 2, "Name it alone"),
])
def test_the_command_says_what_is_wrong(app, arguments, code, what):
    assert what in retention(app, *arguments, code=code)
    assert "7d (default)" in retention(app)


@pytest.mark.parametrize(("body", "fields"), [
    ({"age": 59}, ["age"]),
    ({"age": 3650 * 86_400 + 1, "count": -1}, ["age", "count"]),
    ({"age": "soon", "count": 1.5}, ["age", "count"]),
    ({"days": 7}, ["days"]),
])
def test_what_is_wrong_is_refused_by_name_and_changes_nothing(app, body, fields):
    path = f"/v1/apps/{app.id}/retention"
    assert app.server.admin("PUT", path, json={"count": 5, "age": None}).json()["count"] == 5
    answer = app.server.admin("PUT", path, json=body)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, fields)
    assert app.server.admin("GET", path).json() == {"count": 5, "default": {"age": 7 * 86_400, "count": 0}}
    assert app.server.admin("PUT", "/v1/apps/none/retention", json={}).status_code == 404


def test_who_changed_it_is_in_the_audit(app):
    app.server.admin("PUT", f"/v1/apps/{app.id}/retention", json={"age": 86_400})
    (entry,) = app.server.admin("GET", "/v1/audit?act=app.set_retention").json()["entries"][:1]
    assert (entry["object"], entry["details"]) == (app.id, {"age": 86_400})
