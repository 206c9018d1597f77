"""A session of a Linux desktop: a bus, directories of its own, and a distributor."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import dbus_app
from server import BINARY
from waiting import eventually

DISTRIBUTOR = Path(os.environ.get("APUS_DISTRIBUTOR_BINARY") or BINARY.parent / "apus-distributor").resolve()


class Desktop:
    def __init__(self, directory):
        self.directory = Path(directory)
        # The path of a socket has 108 bytes at most.
        self.sockets = tempfile.mkdtemp(prefix="apus-")
        self.address = f"unix:path={self.sockets}/bus"
        self.data, self.settings = self.directory / "data", self.directory / "config"
        self.services.mkdir(parents=True)
        self.distributor = None
        self.starts = 0
        self.bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={self.address}"],
            env=self.environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: Path(self.sockets, "bus").exists())

    @property
    def services(self):
        return self.data / "dbus-1/services"

    @property
    def environment(self):
        own = {name: value for name, value in os.environ.items() if not name.startswith(("APUS_", "DBUS_", "XDG_"))}
        return own | {
            "DBUS_SESSION_BUS_ADDRESS": self.address, "XDG_CONFIG_HOME": str(self.settings),
            "XDG_DATA_HOME": str(self.data), "XDG_DATA_DIRS": str(self.data),
            "PYTHONPATH": str(Path(__file__).parent),
        }

    def end(self):
        """Ends whatever is left of it."""
        if self.distributor and self.distributor.poll() is None:
            self.kill()
        self.bus.kill()
        self.bus.wait(10)
        shutil.rmtree(self.sockets)

    # The bus

    def has_owner(self, name):
        return dbus_app.call(
            self.address, "org.freedesktop.DBus", "NameHasOwner", "s", [name], destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus")

    def install_service(self, name, command):
        """Has the bus start a program when its name is called."""
        (self.services / f"{name}.service").write_text(f"[D-BUS Service]\nName={name}\nExec={command}\n")
        dbus_app.call(
            self.address, "org.freedesktop.DBus", "ReloadConfig", destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus")

    # The distributor

    def run(self, *arguments, text=None):
        """Runs `apus-distributor` to its end."""
        stdin = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run(
            [DISTRIBUTOR, *map(str, arguments)], env=self.environment, timeout=60, text=True, capture_output=True,
            **stdin)

    def login(self, server, account, *arguments, password="secret of a user"):
        return self.run(
            "login", account, "--host", "127.0.0.1", "--port", server.client_port, "--ca", server.certificate,
            "--password-file", "-", *arguments, text=password + "\n")

    def start(self):
        """Starts the distributor, and waits until it is connected."""
        self.starts += 1
        with open(self.log_path, "w") as log:
            self.distributor = subprocess.Popen(
                [DISTRIBUTOR, "--log-level", "debug"], env=self.environment, stdin=subprocess.DEVNULL, stderr=log)
        eventually(lambda: (status := self.status()) and status["connected"] and status["gateway"], within=30)
        return self

    @property
    def log_path(self):
        return self.directory / f"log-{self.starts}.txt"

    @property
    def connections(self):
        """How often it has connected since it started."""
        return self.log_path.read_text().count("[ApusDistributor] connected")

    def stop(self):
        """Asks it to stop, as a system does. Answers the exit code."""
        self.distributor.send_signal(signal.SIGTERM)
        return self.distributor.wait(30)

    def kill(self):
        self.distributor.kill()
        self.distributor.wait(30)

    def status(self):
        """None if no distributor runs."""
        answer = self.run("status", "--json")
        assert answer.returncode in (0, 3), answer.stderr
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def list(self):
        answer = self.run("list", "--json")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)["registrations"]
