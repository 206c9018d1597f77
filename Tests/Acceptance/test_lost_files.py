"""Files that are gone."""

from onepush import App
from server import run
from waiting import eventually


def test_a_lost_log(start_server):
    app = App(start_server())
    device = app.register()
    kept = [app.send() for _ in range(5)]
    app.server.restart()
    lost = app.send()
    app.server.kill()
    (app.server.data / "apus.db-wal").unlink()
    app.server.start()
    assert {app.state(message, device) for message in kept} == {"unsent"}
    assert app.get(f"/v1/messages/{lost}").status_code == 404
    assert run("verify", "--data-dir", app.server.data).returncode == 0


def test_a_lost_database(start_server):
    app = App(start_server())
    app.send()
    app.server.kill()
    (app.server.data / "apus.db").unlink()
    assert app.server.start().is_well()
    assert app.server.admin("GET", "/v1/apps").json() == {"apps": []}


def test_a_lost_configuration(start_server, tmp_path):
    server = start_server()
    app = App(server)
    device = app.register()
    message = app.send()
    server.stop()
    ended = run("serve", "--port", 0, "--data-dir", server.data, "--config", tmp_path / "apus.yaml")
    assert ended.returncode == 2 and "apus.yaml" in ended.stderr
    server.start()
    assert eventually(lambda: app.state(message, device)) == "unsent"
