"""What operators ask of a machine and a server: doctor, health, completion; and how commands end."""

import datetime
import json
import os
import re
import socket
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server import ADMIN_TOKEN, BINARY, REPOSITORY, environment, run


def examine(*arguments, code=None, **variables):
    """What `apus doctor` finds: check → finding."""
    ended = run("doctor", "--json", *arguments, **variables)
    assert ended.returncode in ([0, 4] if code is None else [code]), ended.stderr
    report = json.loads(ended.stdout)
    assert report["ok"] == (ended.returncode == 0)
    return {finding["check"]: finding for finding in report["findings"]}


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class TestDoctor:
    def test_it_looks_at_everything(self, tmp_path):
        found = examine("--data-dir", tmp_path / "data", "--port", free_port())
        assert {
            "limits.descriptors", "limits.somaxconn", "disk.space", "disk.sync", "disk.file_system", "clock.time",
            "clock.steady", "clock.synchronized", "files.data_dir", "ports.server.port", "certificate",
            "settings.server.host",
        } <= set(found)
        for finding in found.values():
            assert finding["finding"].endswith(".")
            assert (finding["state"] == "ok") == ("advice" not in finding)
        assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"

    def test_a_running_server_is_well_and_knows_its_port(self, start_server):
        server = start_server()
        found = examine("--data-dir", server.data, "--port", server.port)
        assert found["ports.server.port"]["state"] == "ok"
        assert f"process {server.process.pid}" in found["ports.server.port"]["finding"]
        assert {found[check]["state"] for check in ("files.data_dir", "files.key", "files.database")} == {"ok"}

    def test_a_server_that_may_do_more_than_who_looks_is_known_too(self, start_server):
        """As the service with its capabilities, and the same user with none at a terminal."""
        if os.geteuid() != 0:
            pytest.skip("only root can take rights from itself")
        server = start_server()
        ended = subprocess.run(
            ["setpriv", "--inh-caps=-all", "--bounding-set=-all", BINARY, "doctor", "--json", "--data-dir", server.data,
             "--port", str(server.port)], env=environment(), capture_output=True, text=True)
        found = {finding["check"]: finding for finding in json.loads(ended.stdout)["findings"]}
        assert found["ports.server.port"]["state"] == "ok", found
        assert f"process {server.process.pid}" in found["ports.server.port"]["finding"]

    def test_a_port_that_another_program_uses_is_a_problem(self, tmp_path):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            finding = examine("--data-dir", tmp_path, "--port", port, code=4)["ports.server.port"]
        assert finding["state"] == "problem" and f"process {os.getpid()}" in finding["finding"]

    def test_an_address_of_another_machine_is_a_problem(self, tmp_path):
        found = examine("--data-dir", tmp_path, "--host", "192.0.2.1", "--port", 8080, code=4)
        assert "server.host" in found["ports.server.port"]["advice"]

    def test_few_descriptors_are_a_warning_and_fewer_a_problem(self, tmp_path):
        for limit, state in [(1024, "warning"), (200, "problem")]:
            ended = subprocess.run(
                ["bash", "-c", f"ulimit -n {limit}; exec {BINARY} doctor --json --data-dir {tmp_path} --port 0"],
                env=environment(), capture_output=True, text=True)
            found = {finding["check"]: finding for finding in json.loads(ended.stdout)["findings"]}
            assert found["limits.descriptors"]["state"] == state
            assert "LimitNOFILE" in found["limits.descriptors"]["advice"]

    def test_files_that_others_can_read_are_told(self, start_server):
        server = start_server()
        (server.data / "secret.key").chmod(0o644)
        server.data.chmod(0o755)
        found = examine("--data-dir", server.data, "--port", server.port, code=4)
        assert found["files.key"]["state"] == "problem" and "chmod 600" in found["files.key"]["advice"]
        assert found["files.data_dir"]["state"] == "warning" and "chmod 700" in found["files.data_dir"]["advice"]

    def test_a_lost_key_file_is_a_problem(self, start_server):
        server = start_server()
        server.stop()
        (server.data / "secret.key").unlink()
        assert "missing" in examine("--data-dir", server.data, code=4)["files.key"]["finding"]

    def test_a_damaged_database_is_a_problem(self, start_server):
        server = start_server()
        server.stop()
        (server.data / "apus.db").write_bytes(b"x" * 8192)
        assert examine("--data-dir", server.data, code=4)["files.database"]["state"] == "problem"

    @pytest.mark.parametrize("days, state", [(-1, "problem"), (5, "warning"), (90, "ok")])
    def test_it_says_how_long_the_certificate_is_valid(self, tmp_path, days, state):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push.example.org")])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()) \
            .serial_number(1).not_valid_before(now - datetime.timedelta(days=100)) \
            .not_valid_after(now + datetime.timedelta(days=days, hours=1)).sign(key, hashes.SHA256())
        (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (tmp_path / "key.pem").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        (tmp_path / "key.pem").chmod(0o600)
        files = ["--set", f"tls.certificate={tmp_path}/cert.pem", "--set", f"tls.private_key={tmp_path}/key.pem"]
        assert examine("--data-dir", tmp_path / "data", *files)["certificate"]["state"] == state

    def test_a_key_of_another_certificate_is_a_problem(self, tmp_path):
        (tmp_path / "cert.pem").write_text("no certificate")
        found = examine(
            "--data-dir", tmp_path, "--set", f"tls.certificate={tmp_path}/cert.pem", "--set",
            f"tls.private_key={tmp_path}/cert.pem", code=4)
        assert found["certificate"]["state"] == "problem"

    def test_a_secret_that_can_be_guessed_is_told(self, tmp_path):
        found = examine("--data-dir", tmp_path, APUS_ADMIN_TOKEN="1234")
        assert found["settings.server.admin_token"]["state"] == "warning"
        assert "1234" not in found["settings.server.admin_token"]["finding"]

    def test_a_wrong_configuration_is_a_problem_and_said(self, tmp_path):
        found = examine("--set", "server.prot=1", "--data-dir", tmp_path, code=4)
        assert "Did you mean server.port?" in found["configuration"]["finding"]

    def test_for_people_each_line_says_how_it_is_and_what_to_do(self, tmp_path):
        ended = run("doctor", "--data-dir", tmp_path, "--host", "192.0.2.1", "--port", 8080)
        assert re.search(r"^problem +ports\.server\.port +", ended.stdout, re.MULTILINE)
        assert re.search(r"^ok +clock\.time +It is ", ended.stdout, re.MULTILINE)
        assert "→ Set server.host" in ended.stdout
        assert ended.stderr.strip() == "There is a problem."


class TestHealth:
    @pytest.mark.parametrize("arguments, status", [([], "ok"), (["--ready"], "ready")])
    def test_a_server_that_is_well(self, server, arguments, status):
        ended = run("health", *arguments, APUS_SERVER=server.url)
        assert (ended.returncode, ended.stdout) == (0, f"{server.url}: {status}\n")
        ended = run("health", *arguments, "--json", "--server", server.url)
        assert json.loads(ended.stdout) == {"status": status}

    def test_one_that_cannot_store_is_not_ready(self, start_server):
        server = start_server(storage__largest_file="1MB")
        app = server.create_app()
        body = {"appId": app["id"], "appKey": app["appKey"], "platform": "ALL", "audienceType": "ALL", "alert": "x" * 4000}
        while server.post("/msgpush/send", json=body).status_code == 200:
            pass
        ended = run("health", "--ready", APUS_SERVER=server.url)
        assert ended.returncode == 4 and "It is not well" in ended.stderr
        assert run("health", APUS_SERVER=server.url).returncode == 0

    @pytest.mark.parametrize("token", ["", ADMIN_TOKEN])
    def test_one_that_is_not_ready_says_why_whoever_asks(self, start_server, token):
        server = start_server(storage__least_free="16TB")
        ended = run("health", "--ready", APUS_SERVER=server.url, APUS_ADMIN_TOKEN=token)
        assert ended.returncode == 4 and "storage.least_free" in ended.stderr
        ended = run("health", "--ready", "--json", APUS_SERVER=server.url, APUS_ADMIN_TOKEN=token)
        assert ended.returncode == 4
        answer = json.loads(ended.stdout)
        assert answer["error"] == "disk_full" and ("checks" in answer) == bool(token)

    def test_one_that_is_not_there(self):
        assert run("health", APUS_SERVER="http://127.0.0.1:1").returncode == 3


class TestCompletion:
    def test_bash_completes_commands_and_options(self, tmp_path):
        (tmp_path / "apus.bash").write_text(run("completion", "bash").stdout)
        script = f"""
            source {tmp_path}/apus.bash
            complete -p apus >&2
            COMP_WORDS=(apus mess); COMP_CWORD=1; COMP_LINE='apus mess'; COMP_POINT=9
            $(complete -p apus | sed 's/.*-F \\([^ ]*\\).*/\\1/') apus mess apus
            printf '%s\\n' "${{COMPREPLY[@]}}"
            """
        ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env={**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}"})
        assert "message" in ended.stdout.split(), ended.stdout + ended.stderr

    @pytest.mark.parametrize("shell, words", [("zsh", "#compdef apus"), ("fish", "complete -c 'apus'")])
    def test_others_get_theirs(self, shell, words):
        assert words in run("completion", shell).stdout

    def test_another_shell_is_wrong_usage(self):
        assert run("completion", "cmd").returncode == 2


class TestExitCodes:
    def documented(self, text):
        return {int(code) for code in re.findall(r"\b(\d) [a-z]", text)}

    def test_help_and_guide_name_the_same(self):
        help = re.search(r"Exit codes: ([^.]*)\.", " ".join(run("--help").stdout.split()))[1]
        page = (REPOSITORY / "Documentation/operations.md").read_text()
        table = page.split("## Exit codes")[1].split("\n## ")[0]
        assert self.documented(help) == {int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)} == {0, 1, 2, 3, 4}

    @pytest.mark.parametrize("code, arguments", [
        (0, ["version"]), (1, ["restore", "/"]), (2, ["nothing"]), (2, ["config", "check", "--set", "a.b=1"]),
        (3, ["app", "list", "--server", "http://127.0.0.1:1"]), (4, ["doctor", "--set", "a.b=1"])])
    def test_each_is_what_commands_end_with(self, tmp_path, code, arguments):
        assert run(*arguments, directory=tmp_path).returncode == code


class TestJSON:
    def commands(self, entry, path=()):
        children = [child for child in entry.get("subcommands", []) if child["commandName"] != "help"]
        if not children:
            yield " ".join(path), entry
        for child in children:
            yield from self.commands(child, (*path, child["commandName"]))

    NOT_FOR_PROGRAMS = re.compile(r"serve|demo|simulate .*|completion|config example")
    """What runs until it is stopped, tells a story, or prints a file."""

    def test_every_command_whose_output_programs_may_want_has_it(self):
        root = json.loads(run("--experimental-dump-help").stdout)["command"]
        found = dict(self.commands(root))
        assert len(found) > 30
        without = [
            name for name, entry in found.items()
            if "json" not in {option["name"] for argument in entry.get("arguments", []) for option in argument.get("names", [])}
            and not self.NOT_FOR_PROGRAMS.fullmatch(name)]
        assert without == []

    @pytest.mark.parametrize("arguments", [["version"], ["config", "show"], ["config", "check"]])
    def test_it_is_json(self, arguments, tmp_path):
        assert json.loads(run(*arguments, "--json", directory=tmp_path).stdout)

    def test_a_wrong_configuration_as_json(self, tmp_path):
        ended = run("config", "check", "--json", "--set", "a.b=1", directory=tmp_path)
        assert ended.returncode == 2
        answer = json.loads(ended.stdout)
        assert not answer["ok"] and "a.b" in answer["problems"][0]
