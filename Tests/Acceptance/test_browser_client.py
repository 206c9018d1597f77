"""The client for browsers, /apus.js, in a browser."""

import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import pytest

from browser import Browser
from onepush import App
from server import REPOSITORY
from waiting import eventually

PAGE = b"""<!DOCTYPE html><script type="module">
const query = new URLSearchParams(location.search);
window.got = [];
window.said = [];
window.apus = await import(query.get("server") + "/apus.js");
window.connect = (options = {}) => new apus.DeviceConnection(query.get("server"), query.get("device"), {
    onstatus: (status, detail) => said.push(detail?.code ? `${status} ${detail.code}` : status), ...options});
if (query.get("device")) {
    window.connection = connect({
        shortestPause: Number(query.get("pause") ?? 50), heartbeat: Number(query.get("heartbeat") ?? 30000),
        onmessage: (message) => { got.push(message); if (query.get("confirm")) connection.confirm(message.id); }});
}
window.isReady = true;
</script>"""


@pytest.fixture(scope="module")
def pages():
    """The port of a server that answers everything with the page."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser"), "--host-resolver-rules=MAP *.test 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def open_page(browser, pages):
    tabs = []

    def open_page(server, device=None, host="127.0.0.1", **query):
        query = {"server": f"http://{host}:{server.port}"} | ({"device": device.id} if device else {}) | query
        tab = browser.open(f"http://{host}:{pages}/?{urlencode(query)}")
        tab.wait_for("window.isReady")
        tabs.append(tab)
        return tab

    yield open_page
    for tab in tabs:
        try:
            tab.run("window.connection?.close()")
            tab.close()
        except AssertionError:
            pass  # The test has closed it.


def is_connected(tab):
    return tab.run("said.at(-1)") == "connected"


def ids(tab):
    return tab.run("got.map((message) => message.id)")


def confirmed(tab, app, **members):
    """A message that the page got and confirmed."""
    message = app.send(needConfirm=True, **members)
    eventually(lambda: message in ids(tab))
    tab.run(f"connection.confirm('{message}')")
    return message


def restarted(server):
    server.arguments = ["--port", str(server.port)]
    return server.start()


def test_a_page_registers_and_stays_the_same_device(app, open_page):
    tab = open_page(app.server)
    register = f"apus.register('{app.server.url}/', {{appId: '{app.id}', alias: 'ann', tag: ['x']}})"
    device = tab.run(register)
    tab.reload()
    assert tab.run(register) == device
    shown = app.server.admin("GET", f"/v1/devices/{device}").json()
    assert (shown["alias"], shown["platform"], shown["tags"]) == ("ann", "WEB", ["x"])
    tab.run(f"apus.unregister('{app.server.url}', '{device}')")
    assert not app.server.admin("GET", f"/v1/devices/{device}").json()["active"]


def test_what_is_refused_says_why(app, open_page):
    tab = open_page(app.server)
    told = "(error) => [error.name, error.code, error.status]"
    register = f"apus.register('{app.server.url}', {{appId: 'none', alias: 'ann'}})"
    assert tab.run(f"{register}.catch({told})") == ["ApusError", "unknown_app", 400]
    assert tab.run(f"apus.unregister('http://127.0.0.1:1', 'x').catch({told})") == ["ApusError", "unreachable", None]


def test_messages_are_confirmed_and_read(app, device, open_page):
    tab = open_page(app.server, device)
    message = confirmed(tab, app, alert="你好", extra={"a": [1]})
    assert tab.run("[got[0].alert, got[0].extra]") == ["你好", {"a": [1]}]
    eventually(lambda: app.state(message, device) == "received")
    tab.run(f"connection.markRead('{message}')")
    eventually(lambda: app.state(message, device) == "read")


def test_it_comes_back_after_a_crash_and_says_what_it_owes(start_server, open_page):
    app = App(start_server())
    device = app.register()
    tab = open_page(app.server, device)
    message = app.send(needConfirm=True)
    eventually(lambda: ids(tab) == [message])
    app.server.kill()
    tab.wait_for("said.at(-1) != 'connected'")
    tab.run(f"connection.confirm('{message}'); connection.markRead('{message}')")
    restarted(app.server)
    eventually(lambda: app.state(message, device) == "read", within=20)
    later = app.send()
    eventually(lambda: ids(tab) == [message, later])


def test_it_comes_back_when_a_server_that_stops_asks_it_to(start_server, open_page):
    app = App(start_server())
    device = app.register()
    tab = open_page(app.server, host="127.0.0.1")
    tab.run(f"""
        window.pauses = [];
        window.connection = new apus.DeviceConnection("{app.server.url}", "{device.id}", {{
            shortestPause: 1, longestPause: 1, onmessage: () => {{}},
            onstatus: (status, detail) => {{ said.push(status); if (status == "waiting") pauses.push(detail); }} }});
        """)
    tab.wait_for("said.at(-1) == 'connected'")
    app.server.stop()
    tab.wait_for("said.includes('waiting')")
    restarted(app.server)
    tab.wait_for("said.at(-1) == 'connected'")
    assert tab.run("pauses[0]") >= 3000


def test_a_reload_repeats_receipts_and_not_messages(start_server, open_page):
    app = App(start_server())
    device = app.register()
    tab = open_page(app.server, device)
    known, open = app.send(needConfirm=True), app.send(needConfirm=True)
    eventually(lambda: ids(tab) == [known, open])
    # The server does not hear of it before the page is gone.
    app.server.kill()
    tab.run(f"connection.confirm('{known}')")
    tab.reload()
    restarted(app.server)
    eventually(lambda: app.state(known, device) == "received", within=20)
    eventually(lambda: ids(tab) == [open])
    tab.run(f"connection.confirm('{open}')")
    eventually(lambda: app.state(open, device) == "received")


def test_it_notes_what_the_server_has_heard(start_server, open_page):
    app = App(start_server())
    device = app.register()
    tab = open_page(app.server, device, heartbeat=100)
    message = confirmed(tab, app)
    tab.run(f"connection.markRead('{message}')")
    tab.wait_for(f"localStorage.getItem('apus:{device.id}:{message}') == 'cr'")


@pytest.mark.parametrize("host", ["127.0.0.1", "apus.test"], ids=["with locks", "without locks"])
def test_tabs_share_a_connection(start_server, open_page, host):
    app = App(start_server())
    device = app.register()
    first = open_page(app.server, device, host=host)
    assert first.run("Boolean(navigator.locks)") == (host == "127.0.0.1")
    eventually(lambda: is_connected(first))
    second = open_page(app.server, device, host=host)
    eventually(lambda: sorted([first.run("said.at(-1)"), second.run("said.at(-1)")]) == ["connected", "following"])
    leader, follower = (first, second) if is_connected(first) else (second, first)

    message = app.send(needConfirm=True)
    eventually(lambda: ids(first) == ids(second) == [message])
    follower.run(f"connection.confirm('{message}')")
    eventually(lambda: app.state(message, device) == "received")

    leader.close()
    eventually(lambda: is_connected(follower))
    later = confirmed(follower, app)
    eventually(lambda: app.state(later, device) == "received")
    assert ids(follower) == [message, later]


def test_a_tab_that_is_shown_again_takes_the_connection(start_server, open_page):
    app = App(start_server())
    device = app.register()
    tab = open_page(app.server, device, host="apus.test")
    eventually(lambda: is_connected(tab))
    with device.connect() as elsewhere:
        tab.wait_for("said.at(-1) == 'following'")
        tab.run("document.dispatchEvent(new Event('visibilitychange'))")
        assert elsewhere.closing()[0] == 4409
        eventually(lambda: is_connected(tab))


def test_a_tab_that_has_closed_its_connection_may_still_confirm(app, device, open_page):
    tab = open_page(app.server, device)
    eventually(lambda: is_connected(tab))
    tab.run("window.other = connect(); 0")
    tab.wait_for("said.at(-1) == 'following'")
    message = app.send(needConfirm=True)
    eventually(lambda: ids(tab) == [message])
    tab.run(f"other.close(); other.confirm('{message}')")
    assert tab.run(f"localStorage.getItem('apus:{device.id}:{message}')") == "C"


def test_receipts_that_are_owed_go_in_frames_that_the_server_takes(start_server, open_page):
    app = App(start_server(sessions__largest_frame="4KB"))
    device = app.register()
    tab = open_page(app.server)
    tab.run(f"""
        for (let id = 100; id < 500; id++) localStorage.setItem(`apus:{device.id}:3765010285444726${{id}}`, "C");
        window.connection = new apus.DeviceConnection("{app.server.url}", "{device.id}", {{
            onmessage: (message) => got.push(message), onstatus: (status) => said.push(status) }});
        """)
    message = app.send()
    eventually(lambda: ids(tab) == [message])
    assert tab.run("said") == ["following", "connecting", "connected"]


def test_it_ends_when_the_device_connects_elsewhere(app, device, open_page):
    tab = open_page(app.server, device)
    eventually(lambda: is_connected(tab))
    with device.connect():
        tab.wait_for("said.at(-1) == 'closed replaced'")


def test_it_ends_when_the_device_is_unregistered(app, device, open_page):
    tab, other = open_page(app.server, device), open_page(app.server, device)
    eventually(lambda: is_connected(tab))
    app.unregister(device)
    for page in [tab, other]:
        page.wait_for("said.at(-1) == 'closed unknown_device'")
    iteration = "(async () => { for await (const message of connect()); })().catch((error) => error.code)"
    assert tab.run(iteration) == "unknown_device"


def test_iteration_takes_messages_in_order_and_holds_no_more_than_so_many(app, device, open_page):
    sent = [app.send_to(device, alert=f"{number}", needConfirm=True) for number in range(100)]
    tab = open_page(app.server)
    tab.run(f"""
        window.taken = [];
        window.connection = new apus.DeviceConnection("{app.server.url}", "{device.id}", {{
            buffered: 10, shortestPause: 10, onstatus: (status) => said.push(status) }});
        """)
    tab.wait_for("said.at(-1) == 'waiting'")
    tab.run("(async () => { for await (const {id} of connection) { taken.push(id); connection.confirm(id); } })(), 0")
    eventually(lambda: tab.run("taken") == sent, within=30)
    eventually(lambda: app.state(sent[-1], device) == "received")
    tab.run("connection.close()")
    assert tab.run("connection[Symbol.asyncIterator]().next()") == {"done": True}


def test_without_storage_it_remembers_until_the_page_is_left(start_server, open_page):
    app = App(start_server())
    device = app.register()
    tab = open_page(app.server)
    tab.run(f"""
        Object.defineProperty(window, "localStorage", {{ get() {{ throw new DOMException("no", "SecurityError"); }} }});
        window.connection = new apus.DeviceConnection("{app.server.url}", "{device.id}", {{
            shortestPause: 50, onmessage: (message) => got.push(message),
            onstatus: (status) => said.push(status) }});
        """)
    message = app.send(needConfirm=True)
    eventually(lambda: ids(tab) == [message])
    app.server.kill()
    tab.wait_for("said.at(-1) != 'connected'")
    tab.run(f"connection.confirm('{message}')")
    restarted(app.server)
    eventually(lambda: app.state(message, device) == "received", within=20)
    assert ids(tab) == [message]


def test_a_silent_server_is_left_and_found_again(start_server, open_page):
    app = App(start_server())
    device = app.register()
    tab = open_page(app.server, device, heartbeat=300)
    eventually(lambda: is_connected(tab))
    app.server.process.send_signal(signal.SIGSTOP)
    try:
        tab.wait_for("said.at(-1) == 'waiting'")
    finally:
        app.server.process.send_signal(signal.SIGCONT)
    tab.wait_for("said.at(-1) == 'connected'")
    message = app.send()
    eventually(lambda: ids(tab) == [message])


def test_a_connection_that_says_little_is_kept(app, device, open_page):
    tab = open_page(app.server)
    # What takes 20 seconds elsewhere takes one here.
    tab.run(f"""
        const later = window.setTimeout;
        window.setTimeout = (call, pause) => later(call, pause / 20);
        window.connection = new apus.DeviceConnection("{app.server.url}", "{device.id}", {{
            heartbeat: 15_000, onmessage: (message) => got.push(message), onstatus: (status) => said.push(status) }});
        """)
    message = confirmed(tab, app)
    tab.wait_for(f"localStorage.getItem('apus:{device.id}:{message}') == 'c'")
    assert tab.run("said") == ["following", "connecting", "connected"]


def test_it_does_not_wait_when_the_network_is_back(start_server, open_page):
    app = App(start_server())
    tab = open_page(app.server, app.register(), pause=600_000)
    eventually(lambda: is_connected(tab))
    app.server.stop()
    tab.wait_for("said.at(-1) == 'waiting'")
    restarted(app.server)
    for offline in [True, False]:
        tab.command(
            "Network.emulateNetworkConditions", offline=offline, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    tab.wait_for("said.at(-1) == 'connected'")


def test_the_example_page_is_a_device(app, browser):
    tab = browser.open((REPOSITORY / "Examples/onepush.html").as_uri())
    for field, value in {"server": app.server.url, "app": app.id, "key": app.key, "alert": "Hello, page"}.items():
        tab.run(f"document.getElementById('{field}').value = '{value}'")
    tab.run("document.getElementById('connect').click()")
    tab.wait_for("document.getElementById('status').textContent.includes('Connected')")
    tab.run("document.querySelector('#send button').click()")
    tab.wait_for("document.querySelector('#messages .alert')?.textContent == 'Hello, page'")
    message = tab.wait_for("document.getElementById('sent').textContent.match(/\\d{10,}/)?.[0]")
    eventually(lambda: app.counts(message) == {"received": 1})
    tab.run("document.querySelector('#messages button').click()")
    eventually(lambda: app.counts(message) == {"read": 1})
    tab.run("document.getElementById('unregister').click()")
    tab.wait_for("document.getElementById('status').textContent.includes('Unregistered')")
    tab.close()
