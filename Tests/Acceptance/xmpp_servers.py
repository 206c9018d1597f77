"""Prosody and ejabberd, as Debian packages them, each on free ports of the loopback address and in a directory of its own.

Needs the packages prosody, prosody-modules (for mod_unified_push), ejabberd and openssl.
"""

import os
import signal
import socket
import subprocess
from pathlib import Path

import requests

from waiting import eventually

DOMAIN = "localhost"
COMPONENT = "push.localhost"
SECRET = "secret of a component"
UNIFIED_PUSH = "up.localhost"


class XMPPServer:
    """A server with accounts of `DOMAIN`, to which `COMPONENT` may attach with `SECRET`."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificate = self.directory / "certificate.pem"
        self.key = self.directory / "key.pem"
        self.client_port, self.component_port, self.http_port = free_ports(3)
        self.process = None

    def start(self):
        if not self.certificate.exists():
            self._certify()
        self._configure()
        with open(self.output_path, "a") as output:
            self.process = subprocess.Popen(
                self._command(), cwd=self.directory, env=self._environment(), stdin=subprocess.DEVNULL,
                stdout=output, stderr=output)
        eventually(self._is_listening, within=60)
        return self

    @property
    def output_path(self):
        return self.directory / "output.txt"

    def add_user(self, name, password="secret of a user"):
        """Answers the new account's address."""
        raise NotImplementedError

    def stop(self):
        """Asks it to stop, as a system does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def kill(self):
        """Ends it at once, as a power cut does."""
        self.process.kill()
        self.process.wait(30)

    def restart(self):
        """With the same ports and accounts."""
        self.stop()
        return self.start()

    def end(self):
        """Ends whatever is left of it."""
        if self.process and self.process.poll() is None:
            self.kill()

    def _ports(self):
        return self.client_port, self.component_port, self.http_port

    def _is_listening(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended with {self.process.returncode}: {self.output_path.read_text()}")
        return all(accepts(port) for port in self._ports())

    def _certify(self):
        """A certificate that vouches for itself; with it as trust roots, it is valid for `DOMAIN`."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "30", "-subj", f"/CN={DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN}",
             "-keyout", self.key, "-out", self.certificate],
            check=True, capture_output=True, timeout=30)

    def _environment(self):
        return dict(os.environ)


class Prosody(XMPPServer):
    def __init__(self, directory, unified_push=False):
        """`unified_push`: whether there is `UNIFIED_PUSH`, with endpoints on `http_port`."""
        super().__init__(directory)
        self.unified_push = unified_push

    @property
    def configuration(self):
        return self.directory / "prosody.cfg.lua"

    def _command(self):
        return ["prosody", "--config", self.configuration, "-F"]

    def _ports(self):
        return super()._ports() if self.unified_push else (self.client_port, self.component_port)

    def add_user(self, name, password="secret of a user"):
        subprocess.run(
            ["prosodyctl", "--config", self.configuration, "register", name, DOMAIN, password], check=True,
            capture_output=True, timeout=30)
        return f"{name}@{DOMAIN}"

    def _configure(self):
        text = f"""
            run_as_root = true -- as tests in a container are
            daemonize = false
            pidfile = "{self.directory}/prosody.pid"
            data_path = "{self.directory}/data"
            log = {{ {{ levels = {{ min = "debug" }}, to = "file", filename = "{self.directory}/log.txt" }} }}
            interfaces = {{ "127.0.0.1" }}
            local_interfaces = {{ "127.0.0.1" }}
            c2s_ports = {{ {self.client_port} }}
            component_ports = {{ {self.component_port} }}
            http_ports = {{ {self.http_port} }}
            https_ports = {{}}
            http_interfaces = {{ "127.0.0.1" }}
            http_external_url = "http://127.0.0.1:{self.http_port}/"
            modules_enabled = {{ "disco", "offline", "ping", "register_ibr", "roster", "saslauth", "smacks", "tls" }}
            modules_disabled = {{ "s2s" }}
            allow_registration = true
            authentication = "internal_hashed"
            c2s_require_encryption = true
            smacks_hibernation_time = 60
            ssl = {{ certificate = "{self.certificate}", key = "{self.key}" }}
            VirtualHost "{DOMAIN}"
            Component "{COMPONENT}"
                component_secret = "{SECRET}"
            """
        if self.unified_push:
            text += f"""
            Component "{UNIFIED_PUSH}" "unified_push"
                http_host = "127.0.0.1"
            """
        (self.directory / "data").mkdir(exist_ok=True)
        self.configuration.write_text(text)


class Ejabberd(XMPPServer):
    def _command(self):
        return [
            "erl", "-noinput", "-mnesia", "dir", f'"{self.directory}/data"', "-ejabberd", "quiet", "true",
            "-s", "ejabberd"]

    def _environment(self):
        # Without a node's name there is no distribution, and so no epmd that others share.
        return super()._environment() | {
            "EJABBERD_CONFIG_PATH": str(self.directory / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(self.directory / "log.txt"),
            "ERL_CRASH_DUMP": str(self.directory / "crash.txt"),
            "ERL_LIBS": ":".join(map(str, Path("/usr/lib").glob("*-linux-gnu"))),
            "HOME": str(self.directory),
        }

    def add_user(self, name, password="secret of a user"):
        self.command("register", user=name, host=DOMAIN, password=password)
        return f"{name}@{DOMAIN}"

    def command(self, name, **arguments):
        """What one of ejabberd's administrative commands answers."""
        answer = requests.post(f"http://127.0.0.1:{self.http_port}/api/{name}", json=arguments, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _configure(self):
        (self.directory / "both.pem").write_text(self.certificate.read_text() + self.key.read_text())
        (self.directory / "ejabberd.yml").write_text(f"""
hosts: [{DOMAIN}]
loglevel: debug
certfiles: ["{self.directory}/both.pem"]
auth_method: internal
auth_password_format: scram
listen:
  -
    port: {self.client_port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls_required: true
  -
    port: {self.component_port}
    ip: "127.0.0.1"
    module: ejabberd_service
    hosts:
      "{COMPONENT}":
        password: "{SECRET}"
  -
    port: {self.http_port}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /api: mod_http_api
api_permissions:
  everything:
    who: {{ip: "127.0.0.1/8"}}
    what: "*"
registration_timeout: infinity
acme: {{auto: false}}
modules:
  mod_disco: {{}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_register: {{ip_access: all}}
  mod_roster: {{}}
  mod_stream_mgmt: {{resend_on_timeout: if_offline}}
""")


def free_ports(count):
    """Ports on which nobody listens. All are held until all are found, so that none comes twice."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
