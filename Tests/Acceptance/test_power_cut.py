"""What is on disk at any moment is enough: copies of the files of a server under load, each started as after a power cut.

A copy is taken of the log first and the database second, so that it never holds less than what was synced when it began. A tail
of the log that was not synced is cut off or filled with rubbish, as a disk may leave it."""

import asyncio
import json
import os
import random
import shutil
import threading

import pytest

from load import HTTP
from onepush import App
from server import run
from waiting import eventually

SEED = int(os.environ.get("APUS_CRASH_SEED") or random.randrange(1 << 32))


class Sending:
    """Sends until it is told to stop; knows at each moment what was answered."""

    def __init__(self, app):
        self.app = app
        self.accepted = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.send()))

    async def send(self):
        body = json.dumps(self.app.body(alert="x" * 500, needConfirm=True)).encode()
        async with await HTTP.open(self.app.server) as http:
            while not self.stopping.is_set():
                status, answer = await http.request("POST", "/msgpush/send", body)
                assert status == 200, answer
                self.accepted.append(answer["requestId"])

    def __enter__(self):
        self.thread.start()
        eventually(lambda: len(self.accepted) > 20)
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(30)


def snapshot(data, target):
    """The files as a disk holds them. A checkpoint may move pages from the log into the database in between: what the
    database then has twice does no harm."""
    target.mkdir()
    for name in ("apus.db-wal", "apus.db", "secret.key"):
        shutil.copy(data / name, target / name)


def assert_holds(start_server, app, data, accepted):
    server = start_server(data=data)
    for message in accepted:
        assert server.admin("GET", f"/v1/messages/{message}").status_code == 200, f"{message} is lost"
    server.stop()
    ended = run("verify", "--data-dir", data)
    assert ended.returncode == 0, ended.stdout


@pytest.fixture
def app(start_server):
    app = App(start_server())
    app.register()
    return app


def test_what_was_answered_is_in_the_files_at_every_moment(start_server, app, tmp_path):
    chance = random.Random(SEED)
    for round in range(4):
        with Sending(app) as sending:
            eventually(lambda: len(sending.accepted) > chance.randrange(30, 200))
            accepted = list(sending.accepted)
            snapshot(app.server.data, tmp_path / f"{round}")
        assert_holds(start_server, app, tmp_path / f"{round}", accepted)


@pytest.mark.parametrize("tail", ["cut", "rubbish"])
def test_a_tail_that_was_not_synced_does_no_harm(start_server, app, tmp_path, tail):
    with Sending(app) as sending:
        accepted = list(sending.accepted)
        snapshot(app.server.data, tmp_path / "before")
        synced = (tmp_path / "before/apus.db-wal").stat().st_size
        eventually(lambda: len(sending.accepted) > len(accepted) + 100)
    app.server.kill()
    log = app.server.data / "apus.db-wal"
    assert log.stat().st_size > synced + 2000, "nothing was written since"
    with open(log, "r+b") as file:
        if tail == "cut":
            file.truncate(synced + 1234)
        else:
            file.seek(synced)
            file.write(os.urandom(log.stat().st_size - synced))
    assert_holds(start_server, app, app.server.data, accepted)
