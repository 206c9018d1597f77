"""The server does what /openapi.json says."""

import subprocess
import sys
from pathlib import Path

import pytest

from onepush import App
from server import environment

HERE = Path(__file__).parent


@pytest.fixture
def document(server):
    answer = server.get("/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    return answer.json()


def test_the_document_has_every_route_and_no_other(server):
    """The server compares them when it starts."""
    assert "the document and the routes differ" not in server.log


def test_every_call_has_a_name_of_its_own_and_a_subject(document):
    assert document["openapi"] == "3.1.0"
    tags = {tag["name"] for tag in document["tags"]}
    used = {tag for path in document["paths"].values() for operation in path.values() for tag in operation["tags"]}
    assert tags == used
    identifiers = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(identifiers) == len(set(identifiers)) > 40


@pytest.mark.parametrize("path", ["/v1/apps", "/msgpush/send", "/v1/messages/1", "/openapi.json", "/push/x"])
def test_another_method_is_refused_with_those_that_there_are(server, document, path):
    answer = server.request("PATCH", path)
    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    template = {"/v1/messages/1": "/v1/messages/{id}", "/push/x": "/push/{token}"}.get(path, path)
    assert answer.headers["Allow"] == ", ".join(sorted(method.upper() for method in document["paths"][template]))


def test_schemathesis_finds_no_difference(start_server, tmp_path):
    server = start_server(limits__app_rate="0", limits__guesses="0")
    app = App(server, id="business")
    device = app.register()
    message = app.send_to(device)
    names = {"APP_ID": app.id, "APP_KEY": app.key, "DEVICE_ID": device.id, "MESSAGE_ID": message,
             "ADMIN_TOKEN": server.token}
    ended = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "openapi.toml", "run",
         f"{server.url}/openapi.json"],
        cwd=tmp_path, env=environment(SCHEMATHESIS_HOOKS="openapi_hooks", PYTHONPATH=HERE, **names), timeout=600,
        text=True, stdin=subprocess.DEVNULL, capture_output=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert server.is_well()
