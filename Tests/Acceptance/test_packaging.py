"""What brings Apus onto a machine: packages, unit, container and dashboard."""

import json
import os
import re
import socket
import subprocess

import pytest

from server import BINARY, REPOSITORY, environment, run
from waiting import eventually

UNIT = REPOSITORY / "Packaging/apus.service"


def output(*command, **options):
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The packages made of the tested binaries, and what is in them: apus → (file, tree)."""
    target = tmp_path_factory.mktemp("packages")
    output(REPOSITORY / "Scripts/deb", BINARY.parent, target, env=environment() | {"KEEP_SYMBOLS": "1"})
    made = {}
    for file in target.glob("*.deb"):
        name = file.name.split("_")[0]
        tree = target / name
        output("dpkg-deb", "--extract", file, tree)
        made[name] = (file, tree)
    return made


class TestPackage:
    def test_there_is_one_for_the_server_and_one_for_desktops(self, packages):
        assert sorted(packages) == ["apus", "apus-distributor"]

    @pytest.mark.parametrize("name, libraries", [
        ("apus", {"libc6", "libsqlite3-0", "libexpat1", "libcurl4", "adduser"}),
        ("apus-distributor", {"libc6", "libsqlite3-0", "libexpat1", "libdbus-1-3"})])
    def test_it_says_what_it_is_and_what_it_needs(self, packages, name, libraries):
        fields = dict(
            line.split(": ", 1) for line in output("dpkg-deb", "--field", packages[name][0]).splitlines()
            if not line.startswith(" "))
        assert fields["Package"] == name
        assert fields["Version"] == run("version").stdout.strip()
        needed = {re.split(r"[ :]", entry.strip())[0] for entry in fields["Depends"].split(",")}
        assert libraries <= needed

    @pytest.mark.parametrize("path", [
        "usr/bin/apus", "lib/systemd/system/apus.service", "etc/apus/apus.yaml", "usr/share/man/man1/apus.1.gz",
        "usr/share/bash-completion/completions/apus", "usr/share/zsh/vendor-completions/_apus",
        "usr/share/fish/vendor_completions.d/apus.fish", "usr/share/apus/grafana.json",
        "usr/share/doc/apus/copyright", "usr/share/doc/apus/examples/apus.yaml"])
    def test_it_has_what_an_operator_looks_for(self, packages, path):
        assert (packages["apus"][1] / path).is_file()

    def test_files_belong_to_root_and_only_the_program_is_one(self, packages):
        listing = output("dpkg-deb", "--contents", packages["apus"][0]).splitlines()
        assert all(line.split()[1] == "root/root" for line in listing)
        assert [line.split()[5] for line in listing if re.match(r"-..x", line)] == ["./usr/bin/apus"]

    def test_its_configuration_is_kept_when_it_is_upgraded(self, packages):
        assert output("dpkg-deb", "--info", packages["apus"][0], "conffiles") == "/etc/apus/apus.yaml\n"

    def test_its_configuration_is_right(self, packages):
        ended = run("config", "check", "--config", packages["apus"][1] / "etc/apus/apus.yaml")
        assert ended.returncode == 0, ended.stderr

    def test_the_manual_page_names_every_command(self, packages):
        page = output("man", "--local-file", packages["apus"][1] / "usr/share/man/man1/apus.1.gz", env={
            **os.environ, "MANWIDTH": "120", "LC_ALL": "C"})
        for command in ["apus serve", "apus backup", "apus message explain", "--data-dir", "Exit codes"]:
            assert command in " ".join(page.split())

    def test_a_server_of_it_serves(self, packages, tmp_path):
        tree = packages["apus"][1]
        with open(tmp_path / "out.txt", "w") as out:
            server = subprocess.Popen(
                [tree / "usr/bin/apus", "serve", "--config", tree / "etc/apus/apus.yaml", "--port", "0", "--data-dir",
                 tmp_path / "data"], env=environment(), stdout=out, stderr=subprocess.DEVNULL)
        try:
            listening = eventually(
                lambda: re.search(r"listens on (http://\S+),", (tmp_path / "out.txt").read_text()), within=30)
            ended = subprocess.run(
                [tree / "usr/bin/apus", "health", "--ready", "--server", listening[1]], env=environment(), timeout=30)
            assert ended.returncode == 0
        finally:
            server.terminate()
            server.wait(30)

    def test_its_scripts_are_right_for_the_shell(self, packages):
        for script in (REPOSITORY / "Packaging/debian").glob("apus.p*"):
            output("sh", "-n", script)

    def test_a_user_and_a_directory_are_made(self, packages, tmp_path):
        """The script after installation, in a place where it changes nothing of this machine."""
        script = output("dpkg-deb", "--info", packages["apus"][0], "postinst")
        calls = tmp_path / "calls"
        bin = tmp_path / "bin"
        bin.mkdir()
        for name in ["getent", "adduser", "chown", "chmod", "install", "systemctl"]:
            (bin / name).write_text(f'#!/bin/sh\necho {name} "$@" >>{calls}\n[ {name} != getent ]\n')
            (bin / name).chmod(0o755)

        def configure(*version):
            calls.write_text("")
            output("sh", "-c", script, "postinst", "configure", *version, env={"PATH": f"{bin}:/usr/bin:/bin"})
            return calls.read_text()

        made = configure()
        assert re.search(r"adduser .*--system .*apus$", made, re.MULTILINE)
        assert "install -d -m 700 -o apus -g apus /var/lib/apus" in made
        assert "chmod 640 /etc/apus/apus.yaml" in made
        assert "apus.yaml" not in configure("0.0.9"), "a file that was removed or changed since is no reason to fail"

    def test_it_is_not_made_if_it_cannot_be_found_out_what_it_needs(self, tmp_path):
        (tmp_path / "dpkg-shlibdeps").write_text("#!/bin/sh\necho no such library >&2\nexit 2\n")
        (tmp_path / "dpkg-shlibdeps").chmod(0o755)
        ended = subprocess.run(
            [REPOSITORY / "Scripts/deb", BINARY.parent, tmp_path / "out"], capture_output=True, text=True,
            env=environment(PATH=f"{tmp_path}:{os.environ['PATH']}", KEEP_SYMBOLS="1"))
        assert ended.returncode != 0 and "no such library" in ended.stderr
        assert not list((tmp_path / "out").glob("*.deb"))


class TestUnit:
    @pytest.fixture
    def unit(self, tmp_path):
        unit = tmp_path / "apus.service"
        unit.write_text(UNIT.read_text().replace("/usr/bin/apus", str(BINARY)))
        return unit

    def test_systemd_understands_it(self, unit):
        ended = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
        assert (ended.returncode, ended.stderr) == (0, "")

    def test_it_is_shut_in(self, unit):
        shown = output("systemd-analyze", "security", "--offline=true", unit)
        assert float(re.search(r"exposure level for apus\.service: ([\d.]+)", shown)[1]) < 2

    @pytest.mark.parametrize("is_abstract", [False, True])
    def test_the_server_tells_systemd_when_it_serves_and_when_it_stops(self, tmp_path, is_abstract):
        """`Type=notify`: one datagram each (sd_notify(3))."""
        path = f"@apus-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path.replace("@", "\0") if is_abstract else path)
            manager.settimeout(30)
            server = subprocess.Popen(
                [BINARY, "serve", "--port", "0", "--data-dir", tmp_path / "data"],
                env=environment(NOTIFY_SOCKET=path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                assert manager.recv(100) == b"READY=1"
                server.terminate()
                assert manager.recv(100) == b"STOPPING=1"
                assert server.wait(30) == 0
            finally:
                server.kill()
                server.wait()


class TestContainer:
    def test_the_dockerfile_builds_the_package_and_installs_it(self):
        text = (REPOSITORY / "Dockerfile").read_text()
        assert "RUN make deb" in text and "/package/apus_*.deb" in text
        assert re.search(r"^deb:", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)

    def test_its_commands_are_commands(self):
        text = (REPOSITORY / "Dockerfile").read_text()
        arguments = json.loads(re.search(r'^CMD (\[.*\])$', text, re.MULTILINE)[1])
        assert arguments[0] == "serve"
        ended = run("config", "check", *arguments[1:], "--config", REPOSITORY / "Packaging/debian/apus.yaml")
        assert ended.returncode == 0, ended.stderr
        check = json.loads(re.search(r'HEALTHCHECK .* CMD (\[.*\])$', text, re.MULTILINE)[1])
        assert run(*check[1:], APUS_SERVER="http://127.0.0.1:1").returncode == 3


def test_the_dashboard_asks_for_metrics_that_there_are(server):
    dashboard = json.loads((REPOSITORY / "Packaging/grafana.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    there = set(re.findall(r"^(apus_\w+)", server.get("/metrics").text, re.MULTILINE))
    asked = {name for query in queries for name in re.findall(r"apus_\w+", query)}
    assert asked <= there
    guide = (REPOSITORY / "Documentation/operations.md").read_text()
    alerts = re.findall(r"`(apus_\w+)", guide.split("Worth an alert:")[1].split("\n\n")[0])
    assert len(alerts) > 3 and set(alerts) <= asked
