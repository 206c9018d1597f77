"""The program under test: as a server, and as a command."""

import os
import re
import signal
import ssl
import subprocess
from pathlib import Path

import requests

from waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("APUS_BINARY") or REPOSITORY / ".build/debug/apus").resolve()
ADMIN_TOKEN = "the-token-of-the-acceptance-tests"


def environment(**more):
    """This process's environment without any setting for Apus, and with `more`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("APUS_")}
    return own | {name: str(value) for name, value in more.items()}


def run(*arguments, directory=None, within=30, **more):
    """Runs `apus` to its end."""
    return subprocess.run(
        [BINARY, *map(str, arguments)], cwd=directory, env=environment(**more), timeout=within, text=True,
        stdin=subprocess.DEVNULL, capture_output=True)


class Server:
    """An `apus serve` on a free port of the loopback address."""

    def __init__(self, directory, *arguments, settings=None, token=ADMIN_TOKEN, data=None, authority=None):
        """`directory` is where it runs; its data is in `data` below it, unless told otherwise. `authority` is whose
        certificate it shows; without one it makes its own."""
        self.directory = Path(directory)
        self.data = Path(data) if data else self.directory / "data"
        self.arguments = list(arguments)
        self.authority = authority or self.data / "tls-certificate.pem"
        self.settings = dict(settings or {})
        self.token = token
        self.process = None
        self.starts = 0
        self.session = requests.Session()
        self.session.trust_env = False

    def start(self, **settings):
        """`settings` are keys of the configuration, as in `storage__largest_file` for storage.largest_file."""
        self.settings |= {name.replace("__", "."): value for name, value in settings.items()}
        self.starts += 1
        command = [BINARY, "serve", "--port", "0", "--data-dir", self.data, *self.arguments]
        for name, value in self.settings.items():
            command += ["--set", f"{name}={value}"]
        secret = {"APUS_ADMIN_TOKEN": self.token} if self.token else {}
        with open(self.output_path, "w") as output, open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                list(map(str, command)), cwd=self.directory, env=environment(**secret), stdin=subprocess.DEVNULL,
                stdout=output, stderr=log)
        scheme, port = eventually(self._listening, within=30).groups()
        self.port = int(port)
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.session.verify = str(self.authority)
        assert self.is_well()
        return self

    @property
    def ssl(self):
        """How a WebSocket is encrypted; None if it is not."""
        return ssl.create_default_context(cafile=self.authority) if self.url.startswith("https") else None

    @property
    def output_path(self):
        return self.directory / f"output-{self.starts}.txt"

    @property
    def log_path(self):
        return self.directory / f"log-{self.starts}.txt"

    @property
    def output(self):
        return self.output_path.read_text()

    @property
    def log(self):
        return self.log_path.read_text()

    def _listening(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"apus serve ended with {self.process.returncode}: {self.log}")
        return re.search(r"Apus listens on (https?)://127\.0\.0\.1:(\d+),", self.output)

    def stop(self):
        """Asks it to stop, as a system does. Answers the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self):
        """Ends it at once, as a power cut does."""
        self.process.kill()
        self.process.wait(30)

    def end(self):
        """Ends whatever is left of it."""
        if self.process and self.process.poll() is None:
            self.kill()
        self.session.close()

    def restart(self, **settings):
        assert self.stop() == 0
        return self.start(**settings)

    @property
    def memory(self):
        """Resident bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def request(self, method, path, **options):
        return self.session.request(method, self.url + path, timeout=30, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def admin(self, method, path, **options):
        return self.request(method, path, headers={"Authorization": f"Bearer {self.token}"}, **options)

    def is_well(self):
        answer = self.get("/healthz")
        return answer.status_code == 200 and answer.json() == {"status": "ok"}

    def metric(self, name):
        """The sum over all labels."""
        lines = self.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if re.match(rf"{name}[ {{]", line))

    def create_app(self, name="an app", **members):
        answer = self.admin("POST", "/apps/", json={"name": name, **members})
        assert answer.status_code == 200, answer.text
        return answer.json()
