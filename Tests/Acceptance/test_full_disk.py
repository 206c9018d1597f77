"""What the store cannot hold is refused, what it holds is delivered, and once there is room it goes on."""

import subprocess

import pytest

from onepush import App
from waiting import eventually


def fill(app, most=100_000, **members):
    """Sends until the store is full. The messages that were accepted, and the answer to the one that was not."""
    accepted = []
    while len(accepted) < most:
        answer = app.post(alert=f"{len(accepted)} " + "x" * 3500, **members)
        if answer.status_code != 200:
            return accepted, answer
        accepted.append(answer.json()["requestId"])
    raise AssertionError(f"{most} messages were accepted")


def assert_refused(answer):
    assert answer.status_code == 503, answer.text
    assert answer.json()["error"] == "store_unavailable"
    assert "was not accepted" in answer.json()["message"]
    assert int(answer.headers["Retry-After"]) >= 1


def received_in_all(connection, expected):
    """The messages up to the last that is expected, each confirmed."""
    received = []
    while not received or received[-1] != expected[-1]:
        received.append(connection.message()["id"])
        connection.confirm(received[-1])
    return received


class TestLargestFile:
    @pytest.fixture
    def app(self, start_server):
        return App(start_server(storage__largest_file="1MB"))

    @pytest.mark.parametrize("needs_confirmation", [False, True])
    def test_what_was_accepted_is_delivered_and_what_was_refused_is_not(self, app, needs_confirmation):
        device = app.register()
        accepted, refused = fill(app, needConfirm=needs_confirmation)
        assert len(accepted) > 50
        assert_refused(refused)
        assert app.server.is_well()
        with device.connect() as connection:
            assert received_in_all(connection, accepted) == accepted
        app.server.restart(storage__largest_file="100MB")
        later = app.send()
        with device.connect() as connection:
            # What was sent and confirmed may not have fitted into the store; what was refused is not in it.
            again = received_in_all(connection, [later])[:-1]
        assert set(again) <= set(accepted), "a refused message was delivered"

    def test_a_connected_device_gets_what_was_accepted_and_nothing_else(self, app):
        device = app.register()
        with device.connect() as connection:
            accepted, refused = fill(app, needConfirm=True)
            assert_refused(refused)
            assert received_in_all(connection, accepted) == accepted
            assert connection.texts_before_heartbeat_answer() == []

    def test_after_a_restart_with_more_room_it_accepts_again(self, app):
        device = app.register()
        accepted, _ = fill(app, needConfirm=True)
        app.server.restart(storage__largest_file="100MB")
        assert app.server.get("/readyz").status_code == 200
        accepted.append(app.send(needConfirm=True))
        with device.connect() as connection:
            assert received_in_all(connection, accepted) == accepted
            eventually(lambda: app.state(accepted[0], device) == "received")
        with device.connect() as connection:
            assert device.receives_before_a_marker(connection) == []

    def test_a_full_store_survives_a_crash(self, app):
        device = app.register()
        accepted, _ = fill(app, needConfirm=True)
        app.server.kill()
        app.server.start()
        with device.connect() as connection:
            assert received_in_all(connection, accepted) == accepted

    def test_readyz_says_that_the_store_is_full(self, app):
        assert app.server.get("/readyz").status_code == 200
        fill(app)
        answer = app.server.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["error"] == "store_unavailable"
        assert "cannot be written" in answer.json()["message"]
        assert "full" in app.server.log

    def test_registrations_are_refused_with_the_same_reason(self, app):
        fill(app)
        answers = [app.server.post("/msgpush/register", json=app.registration(mobile="1" * 255)) for _ in range(100)]
        assert answers[-1].status_code == 503
        assert answers[-1].json()["error"] == "store_unavailable"

    def test_of_a_batch_each_line_says_whether_it_was_accepted(self, app):
        device = app.register()
        body = app.body(alert="x" * 3500)
        answers = []
        while not any("error" in answer for answer in answers):
            answers += app.batch([body] * 20)
        accepted = [answer["requestId"] for answer in answers if "requestId" in answer]
        refused = [answer for answer in answers if "error" in answer]
        assert {(answer["code"], answer["error"]) for answer in refused} == {(503, "store_unavailable")}
        with device.connect() as connection:
            assert received_in_all(connection, accepted) == accepted


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 16 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


class TestFullDisk:
    @pytest.fixture
    def ballast(self, small_disk):
        """What takes most of the disk, for a start."""
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(8 << 20))
        return ballast

    def test_once_there_is_room_again_it_goes_on_without_a_restart(self, start_server, small_disk, ballast):
        app = App(start_server(data=small_disk / "data", storage__least_free="1MB"))
        device = app.register()
        accepted, refused = fill(app, needConfirm=True)
        assert len(accepted) > 100
        assert_refused(refused)
        assert app.server.is_well()

        ballast.unlink()
        accepted.append(app.send(needConfirm=True))
        with device.connect() as connection:
            assert received_in_all(connection, accepted) == accepted
            eventually(lambda: app.state(accepted[-1], device) == "received")
        eventually(lambda: app.server.get("/readyz").status_code == 200)
        with device.connect() as connection:
            assert device.receives_before_a_marker(connection) == []

    def test_what_devices_confirm_on_a_full_disk_is_recorded_once_there_is_room(
        self, start_server, small_disk, ballast
    ):
        app = App(start_server(data=small_disk / "data"))
        device = app.register()
        with device.connect() as connection:
            accepted, _ = fill(app, needConfirm=True)
            assert received_in_all(connection, accepted) == accepted
            ballast.unlink()
            eventually(lambda: all(app.state(message, device) == "received" for message in accepted))
        with device.connect() as connection:
            assert device.receives_before_a_marker(connection) == []

    def test_a_crash_on_a_full_disk_loses_nothing(self, start_server, small_disk, ballast):
        app = App(start_server(data=small_disk / "data"))
        device = app.register()
        accepted, _ = fill(app, needConfirm=True)
        app.server.kill()
        ballast.unlink()
        app.server.start()
        with device.connect() as connection:
            assert received_in_all(connection, accepted) == accepted
