"""The commands, as someone types them."""

import json
import re
import signal
import subprocess

import pytest

from onepush import App
from server import BINARY, environment, run
from waiting import eventually


@pytest.fixture
def apus(server):
    """Runs a command that talks to the server as its administrator."""

    def apus(*arguments, code=0, **variables):
        usual = {"APUS_SERVER": server.url, "APUS_ADMIN_TOKEN": server.token}
        ended = run(*arguments, **(usual | variables))
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stderr if code else ended.stdout

    return apus


class TestApp:
    def test_create_prints_the_id_and_the_key(self, apus, server):
        shown = dict(re.findall(r"^(id|name|key)\s+(.+)$", apus("app", "create", "my app"), re.MULTILINE))
        assert shown["name"] == "my app"
        answer = server.admin("GET", f"/apps/{shown['id']}")
        assert answer.json()["name"] == "my app"

    def test_create_takes_an_id_and_a_key(self, apus):
        answer = json.loads(apus("app", "create", "moved", "--id", "cli-app", "--key", "cli-key", "--json"))
        assert (answer["id"], answer["appKey"]) == ("cli-app", "cli-key")
        assert "cli-app" in apus("app", "create", "again", "--id", "cli-app", code=1)

    def test_list_shows_every_app(self, apus, app):
        assert app.id in apus("app", "list")
        assert app.id in [entry["id"] for entry in json.loads(apus("app", "list", "--json"))["apps"]]

    def test_rotate_key_keeps_the_old_key_for_a_while(self, apus, app):
        old, app.key = app.key, json.loads(apus("app", "rotate-key", app.id, "--json"))["appKey"]
        assert old != app.key
        assert app.post().status_code == app.post(appKey=old).status_code == 200
        assert re.search(rf"^{app.id} .* \d{{4}}-.*Z +\d{{4}}-.*Z$", apus("app", "list"), re.MULTILINE)
        old, app.key = app.key, json.loads(apus("app", "rotate-key", app.id, "--overlap", "1s", "--json"))["appKey"]
        eventually(lambda: app.post(appKey=old).status_code == 401)
        assert app.post().status_code == 200
        assert "must be a time" in apus("app", "rotate-key", app.id, "--overlap", "soon", code=2)

    def test_rotate_key_without_overlap_ends_the_old_key_at_once(self, apus, app):
        old, app.key = app.key, json.loads(apus("app", "rotate-key", app.id, "--overlap", "0", "--json"))["appKey"]
        assert app.post(appKey=old).status_code == 401
        assert app.post().status_code == 200

    def test_rotate_key_of_an_unknown_app_is_refused(self, apus):
        assert "no app" in apus("app", "rotate-key", "unknown", code=1)


class TestDevice:
    def test_list_shows_an_apps_devices(self, apus, app):
        device = app.register(alias="ann", tag=["sz"])
        other = app.register(alias="bob")
        shown = apus("device", "list", "--app", app.id)
        assert device.id in shown and other.id in shown
        shown = apus("device", "list", "--app", app.id, "--alias", "ann")
        assert device.id in shown and other.id not in shown

    def test_list_goes_on_page_by_page(self, apus, app):
        devices = [app.register().id for _ in range(3)]
        shown = apus("device", "list", "--app", app.id, "--limit", 2)
        assert devices[2] not in shown
        (after,) = re.findall(r"--after (\S+)", shown)
        assert devices[2] in apus("device", "list", "--app", app.id, "--limit", 2, "--after", after)

    def test_show_tells_whether_it_is_connected(self, apus, app):
        device = app.register(alias="ann")
        shown = apus("device", "show", device.id)
        assert "ann" in shown and "offline" in shown
        with device.connect():
            eventually(lambda: "connected" in apus("device", "show", device.id))
        app.unregister(device)
        assert "unregistered" in apus("device", "show", device.id)

    def test_show_of_an_unknown_device_is_refused(self, apus):
        assert "no device" in apus("device", "show", "unknown", code=1)


class TestSend:
    def test_a_message_arrives_as_it_was_told(self, apus, app, device):
        shown = apus(
            "send", "--app", app.id, "--key", app.key, "--alias", device.alias, "--extra", '{"a": [1]}', "--confirm",
            "--tenant", "red", "--title", "News", "--uri", "app://news/1", "hello")
        (message,) = re.findall(r"Accepted as message (\d+)\.", shown)
        with device.connect() as connection:
            assert connection.message() == {
                "id": message, "appId": app.id, "tenantCode": "red", "title": "News", "alert": "hello",
                "uri": "app://news/1", "extra": {"a": [1]},
                "pushMsgType": "MSG", "listenFlag": "NOTF", "needConfirm": True}

    @pytest.mark.parametrize("audience", [["--all"], ["--tag", "sz"], ["--alias", "x", "--alias", "ann"], ["--device"]])
    def test_it_is_for_whom_it_names(self, apus, app, audience):
        device = app.register(alias="ann", tag=["sz"])
        if audience == ["--device"]:
            audience = ["--device", device.id]
        answer = json.loads(apus("send", "--app", app.id, *audience, "--json", "hello", APUS_APP_KEY=app.key))
        assert app.counts(answer["requestId"]) == {"unsent": 1}

    def test_a_platform_narrows_it(self, apus, app, device):
        shown = apus("send", "--app", app.id, "--key", app.key, "--all", "--platform", "ios", "--json", "hello")
        assert app.counts(json.loads(shown)["requestId"]) == {}

    def test_a_wrong_key_is_refused(self, apus, app):
        assert "appKey" in apus("send", "--app", app.id, "--key", "wrong", "--all", "hello", code=1)

    @pytest.mark.parametrize(
        "arguments", [[], ["--all"], ["--all", "--alias", "a", "x"], ["x"], ["--all", "--extra", "{", "x"],
                      ["--all", "--platform", "TV", "x"], ["--all", "--duration", "-5", "x"]])
    def test_wrong_usage_is_told(self, apus, app, arguments):
        assert apus("send", "--app", app.id, "--key", app.key, *arguments, code=2)


class TestMessage:
    def test_show_lists_the_deliveries(self, apus, app, device):
        message = app.send()
        shown = apus("message", "show", message)
        assert "1 unsent" in shown and device.id in shown
        assert json.loads(apus("message", "show", message, "--json"))["id"] == message

    def test_an_app_may_see_its_own(self, apus, app, device):
        message = app.send()
        assert device.id in apus("message", "show", message, "--key", app.key, APUS_ADMIN_TOKEN="")
        other = App(app.server)
        assert apus("message", "show", message, "--key", other.key, code=1, APUS_ADMIN_TOKEN="")

    def test_explain_says_what_happens_next(self, apus, app, device):
        message = app.send()
        shown = apus("message", "explain", message, "--device", device.id)
        assert "accepted" in shown and "The device is not connected." in shown

    def test_an_unknown_message_is_refused(self, apus):
        assert "no message" in apus("message", "show", "1", code=1)


class TestListen:
    @pytest.fixture
    def listen(self, server, tmp_path):
        """Starts `apus listen`; what it prints is in two files."""
        processes = []

        def listen(*arguments):
            output, log = tmp_path / "output.txt", tmp_path / "log.txt"
            with open(output, "w") as out, open(log, "w") as err:
                process = subprocess.Popen(
                    [BINARY, "listen", "--server", server.url, *arguments], env=environment(),
                    stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            processes.append(process)
            eventually(lambda: "listens" in log.read_text())
            return process, output, log

        yield listen
        for process in processes:
            process.kill()
            process.wait()

    def test_it_prints_and_confirms_each_message(self, listen, app, device):
        _, output, _ = listen(device.id)
        messages = [app.send(alert=f"message {number}", extra=[number], needConfirm=True) for number in range(3)]
        eventually(lambda: all(app.state(message, device) == "received" for message in messages))
        lines = eventually(lambda: (found := output.read_text().splitlines())[2:] and found)
        assert len(lines) == 3
        for number, (line, message) in enumerate(zip(lines, messages)):
            assert message in line and f"message {number}" in line and f"[{number}]" in line

    def test_it_marks_messages_as_read_if_asked(self, listen, app, device):
        listen(device.id, "--read")
        message = app.send(needConfirm=True)
        eventually(lambda: app.state(message, device) == "read")

    def test_it_prints_json_if_asked(self, listen, app, device):
        _, output, _ = listen(device.id, "--json")
        message = app.send(alert="你好")
        shown = json.loads(eventually(output.read_text))
        assert (shown["id"], shown["alert"]) == (message, "你好")

    def test_it_registers_a_device_if_asked(self, listen, app):
        _, output, _ = listen("--register", app.id, "terminal")
        message = app.send(audienceType="ALIAS", audiences=["terminal"])
        eventually(lambda: message in output.read_text())

    def test_it_comes_back_after_a_restart_of_the_server(self, start_server, listen, tmp_path):
        app = App(start_server())
        device = app.register()
        _, output, log = listen(device.id, "--server", app.server.url)
        port = app.server.port
        app.server.stop()
        # It does as the server asks, and not quite the same as others.
        eventually(lambda: re.search(r"Trying again in [34][. ]", log.read_text()))
        app.server.arguments += ["--port", str(port)]
        app.server.start()
        message = app.send()
        eventually(lambda: message in output.read_text(), within=20)

    def test_an_interrupt_ends_it(self, listen, device):
        process, _, _ = listen(device.id)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) in (0, 130, -signal.SIGINT)

    def test_an_unknown_device_is_refused(self, apus):
        assert "deviceId" in apus("listen", "unknown", code=1)

    @pytest.mark.parametrize("arguments", [[], ["--register", "a"], ["id", "--register", "a", "b"]])
    def test_wrong_usage_is_told(self, apus, arguments):
        assert apus("listen", *arguments, code=2)


class TestConfig:
    def test_check_of_a_right_configuration(self, tmp_path):
        ended = run("config", "check", directory=tmp_path)
        assert ended.returncode == 0
        assert "is right" in ended.stdout

    def test_check_of_a_wrong_one_says_what_is_wrong(self, tmp_path):
        ended = run("config", "check", "--set", "server.prot=1", directory=tmp_path)
        assert ended.returncode == 2
        assert "Did you mean server.port?" in ended.stderr

    def test_show_hides_secrets_and_tells_origins(self, tmp_path):
        ended = run("config", "show", directory=tmp_path, APUS_ADMIN_TOKEN="a-secret-token")
        assert ended.returncode == 0
        assert "a-secret-token" not in ended.stdout
        assert re.search(r"^server\.admin_token .*APUS_ADMIN_TOKEN", ended.stdout, re.MULTILINE)
        assert re.search(r"^server\.port +8080 +default", ended.stdout, re.MULTILINE)

    def test_the_example_is_a_right_configuration(self, tmp_path):
        example = run("config", "example").stdout
        (tmp_path / "apus.yaml").write_text(example)
        ended = run("config", "check", directory=tmp_path)
        assert ended.returncode == 0, ended.stderr


class TestAll:
    def test_version_is_the_same_everywhere(self):
        shown = {run(*arguments).stdout for arguments in [["version"], ["--version"], ["serve", "--version"]]}
        assert len(shown) == 1
        assert re.search(r"\d+\.\d+", shown.pop())

    def test_demo_needs_nothing_and_leaves_nothing(self, tmp_path):
        ended = run("demo", directory=tmp_path, TMPDIR=tmp_path)
        assert ended.returncode == 0, ended.stderr
        for word in ["app", "device", "accepted as message", "received", "read", "matched"]:
            assert word in ended.stdout
        assert list(tmp_path.iterdir()) == []

    def test_demo_runs_on_a_server_that_is_named(self, apus, server):
        assert "received" in apus("demo", "--server", server.url, "--token", server.token)

    @pytest.mark.parametrize(
        "command", [[], ["serve"], ["app"], ["device"], ["message"], ["send"], ["listen"], ["config"], ["demo"]])
    def test_every_command_has_help(self, command):
        ended = run(*command, "--help")
        assert ended.returncode == 0
        assert "USAGE: apus" in ended.stdout

    COMMANDS = [
        ["app", "list"], ["device", "list"], ["message", "show", "1"], ["listen", "x"], ["demo"],
        ["send", "--app", "a", "--key", "k", "--all", "x"],
    ]

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    def test_a_server_that_cannot_be_reached_is_code_3(self, apus, command):
        message = apus(*command, code=3, APUS_SERVER="http://127.0.0.1:1")
        assert "127.0.0.1:1" in message and "apus serve" in message

    @pytest.mark.parametrize("command", [["app", "list"], ["device", "list"], ["message", "show", "1"], ["demo"]])
    @pytest.mark.parametrize("token", ["", "wrong"])
    def test_who_may_not_is_refused_with_code_1(self, apus, command, token):
        assert "token" in apus(*command, code=1, APUS_ADMIN_TOKEN=token)

    @pytest.mark.parametrize(
        "command",
        [["nothing"], ["app", "nothing"], ["app", "create"], ["message", "show"], ["message", "explain"],
         ["app", "list", "--server", "not a url"], ["app", "list", "--unknown"]])
    def test_wrong_usage_is_code_2(self, apus, command):
        assert apus(*command, code=2)
