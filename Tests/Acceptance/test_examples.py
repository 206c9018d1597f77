"""The programs in Examples, which are built on ApusClient."""

import signal
import subprocess

import pytest

from onepush import App
from server import BINARY, environment
from waiting import eventually


def command(name, server, *arguments, **more):
    return [BINARY.parent / f"example-{name}", *map(str, arguments)], environment(APUS_SERVER=server.url, **more)


def run(name, server, *arguments, input=None, within=60, **more):
    arguments, variables = command(name, server, *arguments, **more)
    ended = subprocess.run(
        arguments, env=variables, input=input, timeout=within, text=True, capture_output=True,
        stdin=subprocess.DEVNULL if input is None else None)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def listen(tmp_path):
    """Starts the device of an app; what all of its processes print is in one file."""
    processes = []
    output = tmp_path / "output.txt"

    def listen(app, alias):
        arguments, variables = command("device", app.server, app.id, alias, tmp_path / "state" / "device.log")
        with open(output, "a") as file:
            process = subprocess.Popen(arguments, env=variables, stdin=subprocess.DEVNULL, stdout=file)
        processes.append(process)
        return process

    listen.lines = lambda: output.read_text().splitlines() if output.exists() else []
    yield listen
    for process in processes:
        process.kill()
        process.wait(10)


def registered(app, alias):
    devices = app.server.admin("GET", f"/v1/devices?appId={app.id}&alias={alias}").json()["devices"]
    return len(devices) == 1 and devices[0]["connected"]


def test_a_device_that_is_killed_loses_nothing_and_repeats_nothing(start_server, listen):
    app = App(start_server())
    process = listen(app, "ann")
    eventually(lambda: registered(app, "ann"))
    messages = []
    for round in range(5):
        messages += [app.send(audienceType="ALIAS", audiences=["ann"], needConfirm=True) for _ in range(40)]
        eventually(lambda: len(listen.lines()) > 40 * round + 5)
        if round % 2:
            app.server.kill()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        if round % 2:
            app.server.arguments = ["--port", str(app.server.port)]
            app.server.start()
        process = listen(app, "ann")
    eventually(lambda: all(app.counts(message) == {"received": 1} for message in messages), within=60)
    printed = [line.split()[0] for line in listen.lines()]
    assert set(printed) == set(messages)
    # What was printed when it was killed, but not yet confirmed, is the one message that may come again.
    assert len(printed) - len(messages) <= 5


def test_a_sender_sends_many_in_few_requests(app):
    device = app.register(alias="ann")
    lines = "".join(f"ann\tmessage {number}\n" for number in range(2000)) + "no tab\n"
    output = run("sender", app.server, app.id, input=lines, APUS_APP_KEY=app.key).splitlines()
    assert "no tab: not an alias, a tab and a text" in output
    ids = {line.split()[1] for line in output if line.startswith("ann ")}
    assert len(ids) == 2000
    with device.connect() as connection:
        assert {message["id"] for message in connection.messages(2000)} == ids


def test_an_alarm_says_who_confirmed_and_why_others_did_not(app):
    present, absent = app.register(alias="guard"), app.register(alias="guard")
    with present.connect() as connection:
        arguments, variables = command("alarm", app.server, app.id, "guard", 3, "Fire", APUS_APP_KEY=app.key)
        alarm = subprocess.Popen(
            arguments, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        message = connection.message()
        connection.confirm(message["id"])
        output, _ = alarm.communicate(timeout=30)
    assert message["alert"] == "Fire"
    assert f"{present.id} has confirmed" in output
    assert f"{absent.id} has not confirmed: " in output
    assert app.state(message["id"], absent) in ["cancelled", "expired"]
