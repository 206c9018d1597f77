"""`--json` of every command that has it: each line of the standard output is a JSON text, and there is at least one."""

import json
import signal
import subprocess

import pytest

from certificates import Authority
from server import BINARY, Server, environment, run
from vendors import Simulator, VendorApp
from waiting import eventually
from webhooks import Receiver

FILTER = '{"where": {"and": [{"tag": "vip"}]}}'
BUSINESS = """INSERT INTO `sys_users` (`id`, `user_num`, `user_name`) VALUES (1, 'u1', 'Ann');\n"""

# With placeholders for what the world has; each command that ends something has one of its own.
COMMANDS = {
    "send": "--app {app} --key {key} --all hello",
    "app create": "another",
    "app list": "",
    "app rotate-key": "{app} --key {key}",
    "app policy": "{app}",
    "app retention": "{app}",
    "device list": "",
    "device show": "{device}",
    "device tag": "{device} --add red",
    "device delete": "{device_to_delete}",
    "message list": "",
    "message show": "{message}",
    "message explain": "{message} --device {device}",
    "message cancel": "{message_to_cancel}",
    "events": "--app {app}",
    "webhook add": "{url} --app {app}",
    "webhook list": "",
    "webhook rotate-secret": "{webhook}",
    "webhook test": "{webhook}",
    "webhook remove": "{webhook_to_remove}",
    "xmpp user add": "ann --app {app}",
    "xmpp user list": "",
    "xmpp user passwd": "{account}",
    "xmpp user remove": "{account_to_remove}",
    "credential add apns": "--app {app} --topic com.example --p8 {p8} --key-id ABCDE12345 --team-id TEAM123456",
    "credential add webpush": "--app {app} --subject mailto:ops@example.org",
    "credential add vendor": "getui --app {app} --settings {getui} --secret-file {getui_secret}",
    "credential list": "",
    "credential remove": "{credential_to_remove} --app {app} --provider legacy-apns",
    "legacy-apns client add": "--app {app} --certificate {certificate}",
    "provider test": "--app {app} --provider umeng --device-token {token}",
    "vapid keys": "",
    "token create": "ci --role viewer",
    "token list": "",
    "token revoke": "one two",
    "audit show": "",
    "audit verify": "",
    "user add": "u2",
    "user list": "",
    "user change": "{user} --name Ann",
    "user passwd": "{user} --password secret-enough",
    "schedule list": "",
    "schedule add": "hello --to {user} --at 2099-01-01T00:00:00Z --app {app}",
    "schedule cancel": "{schedule}",
    "deadletter list": "",
    "deadletter replay": "{letter}",
    "deadletter drop": "{letters_to_drop}",
    "import business": "{dump}",
    "umeng broadcast": "--app {app} --platform android hello",
    "umeng groupcast": "--app {app} --platform android hello --filter {filter}",
    "umeng customizedcast": "--app {app} --platform android hello --alias-type user --to ann",
    "umeng status": "{job}",
    "umeng cancel": "{job_to_cancel}",
    "health": "",
    "doctor": "--data-dir {data}",
    "backup": "{new_backup} --data-dir {data}",
    "restore": "{backup} --data-dir {new_data}",
    "verify": "--data-dir {data}",
    "config check": "",
    "config show": "",
    "version": "",
}
# It goes on until it is interrupted, so it has a test of its own.
ENDLESS = {"listen"}


def with_json(command, path=()):
    """The names of all commands that have --json, as the program describes itself."""
    parts = [part for part in command.get("subcommands", []) if part["commandName"] != "help"]
    for part in parts:
        yield from with_json(part, (*path, part["commandName"]))
    options = {name["name"] for argument in command.get("arguments", []) for name in argument.get("names", [])}
    if not parts and "json" in options:
        yield " ".join(path)


class World:
    """A server that has something of everything that commands are about."""

    def __init__(self, directory, simulator, receiver):
        self.directory = directory
        self.server = Server(directory / "server", settings={
            "outgoing.allow": "127.0.0.1", "webhooks.attempts": 1, "xmpp.port": 0})
        self.server.directory.mkdir()
        self.server.start()
        self.receiver = receiver
        self.app = app = VendorApp(self.server, simulator, directory)
        receiver.answers += [(500, {})] * 3
        webhook = self.made("webhook add", receiver.url, "--app", app.id)
        webhook_to_remove = self.made("webhook add", receiver.url, "--app", app.id, "--state", "failed")
        letters = [self.letter(count) for count in (1, 2, 3)]
        device, deleted = app.register(platform="PC", vendor=None), app.register(platform="PC", vendor=None)
        for name in ("one", "two"):
            self.made("token create", name, "--role", "viewer")
        for name in ("ben", "cid"):
            self.made("xmpp user add", name, "--app", app.id)
        self.made("user add", "u0")
        job, cancelled = (
            self.made("umeng broadcast", "--app", app.id, "--platform", "ios", text)["messageId"] for text in "ab")
        authority = Authority(directory)
        certificates = [
            self.file(f"{name}.pem", authority.issue().certificate) for name in ("certificate", "to-remove")]
        legacy = self.made("legacy-apns client add", "--app", app.id, "--certificate", certificates[1])
        backup = directory / "backup"
        self.made("backup", backup, "--data-dir", self.server.data)
        self.names = {
            "app": app.id, "key": app.key, "device": device.id, "device_to_delete": deleted.id,
            "message": app.send_to(device), "message_to_cancel": app.send_to(device), "url": receiver.url,
            "webhook": webhook["id"], "webhook_to_remove": webhook_to_remove["id"], "account": "ben",
            "account_to_remove": "cid", "p8": self.file("key.p8", authority.issue().key),
            "getui": json.dumps({"endpoint": simulator.url, "appId": "a", "appKey": "k"}),
            "getui_secret": self.file("getui.json", '{"masterSecret": "s"}'),
            "credential_to_remove": legacy["name"], "certificate": certificates[0], "token": app.token(), "user": "u0",
            "schedule": self.made(
                "schedule add", "x", "--to", "u0", "--at", "2099-01-01T00:00:00Z", "--app", app.id)["id"],
            "letter": letters[0], "letters_to_drop": letters[1:], "dump": self.file("dump.sql", BUSINESS),
            "filter": FILTER, "job": job, "job_to_cancel": cancelled, "data": self.server.data, "backup": backup,
            "new_backup": directory / "new-backup", "new_data": directory / "new-data",
        }

    def file(self, name, text):
        (self.directory / name).write_text(text)
        return self.directory / name

    def run(self, command, *arguments, code=0):
        ended = run(
            *command.split(), "--json", *arguments, directory=self.directory, APUS_SERVER=self.server.url,
            APUS_ADMIN_TOKEN=self.server.token)
        assert ended.returncode == code, ended
        return ended.stdout

    def made(self, command, *arguments):
        return json.loads(self.run(command, *arguments))

    def letter(self, count):
        """One more event that the receiver does not take."""
        self.app.send(platform="PC")
        letters = eventually(
            lambda: (found := self.made("deadletter list")["deadLetters"])[count - 1:] and found)
        return letters[0]["id"]

    def arguments(self, command):
        for word in COMMANDS[command].split():
            value = self.names[word[1:-1]] if word.startswith("{") else word
            yield from value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("world")
    simulator, receiver = Simulator("umeng", tmp_path_factory.mktemp("umeng")), Receiver()
    world = World(directory, simulator, receiver)
    yield world
    world.server.end()
    simulator.end()
    receiver.end()


def test_no_command_is_left_out():
    described = json.loads(run("--experimental-dump-help").stdout)
    assert set(with_json(described["command"])) == set(COMMANDS) | ENDLESS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_line_is_a_json_text(world, command):
    lines = world.run(command, *world.arguments(command)).splitlines()
    assert lines
    for line in lines:
        json.loads(line)


def test_what_has_no_answer_is_an_empty_object_for_each(world):
    for name in ("three", "four"):
        world.made("token create", name, "--role", "viewer")
    assert world.run("token revoke", "three", "four") == "{}\n{}\n"


def test_what_a_receiver_refuses_is_a_json_text_too(world):
    world.receiver.answers.append((410, {}))
    test = json.loads(world.run("webhook test", world.names["webhook"], code=1))
    assert not test["taken"] and "410" in test["reason"]


def test_each_message_that_listen_prints_is_a_json_text(world):
    device = world.app.register(platform="PC", vendor=None)
    message = world.app.send_to(device)
    with subprocess.Popen(
            [BINARY, "listen", device.id, "--json", "--server", world.server.url], env=environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as listen:
        assert json.loads(listen.stdout.readline())["id"] == message
        listen.send_signal(signal.SIGINT)
