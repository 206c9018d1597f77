"""From an accepted message to a device that has it."""

import itertools
import json
import threading
import time

import pytest

from onepush import App, Connection, ids
from waiting import eventually
from wire import PING, PONG, WebSocketWire, frame


class TestOrder:
    def test_a_connected_device_gets_a_message_at_once(self, app, device):
        with device.connect() as connection:
            message = app.send(alert="now")
            assert connection.message() == {
                "id": message, "appId": app.id, "alert": "now", "pushMsgType": "MSG", "listenFlag": "NOTF",
                "needConfirm": False,
            }

    @pytest.mark.parametrize("needs_confirmation", [False, True])
    def test_an_offline_device_gets_all_it_missed_oldest_first(self, app, device, needs_confirmation):
        sent = [app.send(alert=f"{number}", needConfirm=needs_confirmation) for number in range(100)]
        with device.connect() as connection:
            assert ids(connection.messages(100)) == sent

    def test_messages_that_were_sent_together_come_in_the_order_of_their_ids(self, app, device):
        with device.connect() as connection:
            answers = app.batch([app.body(alert=f"{number}") for number in range(500)])
            assert ids(connection.messages(500)) == [answer["requestId"] for answer in answers]

    @pytest.mark.parametrize("needs_confirmation", [False, True])
    def test_a_device_that_reconnects_while_a_sender_goes_on_misses_nothing_and_stays_in_order(
        self, app, device, needs_confirmation
    ):
        sent = []

        def send_on():
            for number in range(400):
                sent.append(app.send(alert=f"{number}", needConfirm=needs_confirmation))

        sender = threading.Thread(target=send_on)
        sender.start()
        received = []
        sizes = itertools.cycle([5, 40, 1, 80, 20, 7, 60])
        while len(received) < 400:
            with device.connect() as connection:
                messages = connection.messages(min(next(sizes), 400 - len(received)))
                if needs_confirmation:
                    # What comes beyond these is not confirmed, so it has to come again.
                    connection.confirm(*ids(messages))
                else:
                    # Whatever was written to the connection counts as sent: it must not be left behind.
                    connection.close()
                    messages += connection.rest()
                received += messages
        sender.join()
        with device.connect() as connection:
            assert device.receives_before_a_marker(connection) == []
        numbers = [int(id) for id in ids(received)]
        assert numbers == sorted(set(numbers)), "ids do not grow strictly"
        assert ids(received) == sent


class TestConfirmation:
    def test_cfm_moves_a_message_to_received_and_read_to_read(self, app, device):
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            assert connection.message()["needConfirm"] is True
            eventually(lambda: app.state(message, device) == "sent")
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")
            connection.read(message)
            eventually(lambda: app.state(message, device) == "read")
            delivery = app.delivery(message, device)
            assert delivery["sentAt"] <= delivery["receivedAt"] <= delivery["readAt"]
            assert (delivery["attempts"], delivery["route"]) == (1, "websocket")

    def test_a_read_message_counts_as_received_too(self, app, device):
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            connection.message()
            connection.read(message)
            eventually(lambda: app.state(message, device) == "read")
            delivery = app.delivery(message, device)
            assert delivery["receivedAt"] <= delivery["readAt"]

    def test_states_never_go_back(self, app, device):
        with device.connect() as connection:
            message, later = app.send(needConfirm=True), app.send(needConfirm=True)
            connection.messages(2)
            connection.read(message)
            connection.confirm(message)
            connection.confirm(later)
            eventually(lambda: app.state(later, device) == "received")
            assert app.state(message, device) == "read"

    def test_many_messages_are_confirmed_at_once(self, app, device):
        with device.connect() as connection:
            sent = [app.send(needConfirm=True) for _ in range(10)]
            assert ids(connection.messages(10)) == sent
            connection.confirm(*sent)
            eventually(lambda: all(app.state(message, device) == "received" for message in sent))

    def test_a_message_that_needs_no_confirmation_can_be_confirmed_all_the_same(self, app, device):
        with device.connect() as connection:
            message = app.send()
            connection.message()
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")

    def test_a_message_can_be_confirmed_on_a_later_connection(self, app, device):
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            connection.message()
        with device.connect() as connection:
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")

    def test_a_device_cannot_confirm_what_is_not_its_own(self, app, device):
        stranger = app.register()
        theirs = app.send_to(device, needConfirm=True)
        own = app.send_to(stranger, needConfirm=True)
        with stranger.connect() as connection:
            connection.message()
            connection.confirm(theirs, own)
            eventually(lambda: app.state(own, stranger) == "received")
        assert app.counts(theirs) == {"unsent": 1}
        with device.connect() as connection:
            assert connection.message()["id"] == theirs

    @pytest.mark.parametrize(
        "text",
        ["CFM:", "CFM:1", "CFM:9223372036854775807", "CFM:99999999999999999999", "CFM:-1", "CFM:x,,y", "READ:0",
         "cfm:1", "hello", "", "CFM:{0}x", "CFM {0}"])
    def test_what_is_no_id_of_its_messages_is_ignored(self, app, device, text):
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            connection.message()
            connection.say(text.format(message))
            assert connection.texts_before_heartbeat_answer() == []
            eventually(lambda: app.state(message, device) == "sent")
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")

    def test_good_ids_beside_bad_ones_count(self, app, device):
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            connection.message()
            connection.confirm("x", "1", message, "")
            eventually(lambda: app.state(message, device) == "received")

    def test_what_was_confirmed_does_not_come_again(self, app, device):
        with device.connect() as connection:
            sent = [app.send(needConfirm=True) for _ in range(20)]
            assert ids(connection.messages(20)) == sent
            connection.confirm(*sent[:15])
        with device.connect() as connection:
            assert ids(connection.messages(5)) == sent[15:]
            assert device.receives_before_a_marker(connection) == []

    def test_what_was_sent_without_asking_for_confirmation_does_not_come_again(self, app, device):
        with device.connect() as connection:
            message = app.send()
            connection.message()
        with device.connect() as connection:
            assert device.receives_before_a_marker(connection) == []
        assert app.state(message, device) == "sent"

    def test_what_was_not_confirmed_comes_again_after_a_cut_connection(self, app, device):
        connection = device.connect()
        message = app.send(needConfirm=True)
        assert connection.message()["id"] == message
        connection.drop()
        with device.connect() as connection:
            assert connection.message()["id"] == message


class TestConnection:
    @pytest.mark.parametrize("text", ["HBT", "HBT1", "HBT:anything"])
    def test_a_heartbeat_is_answered(self, device, text):
        with device.connect() as connection:
            connection.say(text)
            assert connection.text() == "ACK1"

    def test_a_second_connection_replaces_the_first(self, app, device):
        with device.connect() as first, device.connect() as second:
            assert first.closing() == (4409, "the device connected again")
            message = app.send()
            assert second.message()["id"] == message

    def test_of_many_connections_the_last_one_stays(self, app, device):
        connections = [device.connect() for _ in range(20)]
        for connection in connections[:-1]:
            assert connection.closing()[0] == 4409
        message = app.send()
        assert connections[-1].message()["id"] == message
        connections[-1].close()

    @pytest.mark.parametrize("device_id", [None, "", "unknown", "0" * 32, "设备", "a" * 5000, "' OR 1=1 --"])
    def test_a_connection_without_an_active_device_is_told_why(self, server, device_id):
        with Connection(server, device_id) as connection:
            code, reason = connection.closing()
            assert code == 4404
            assert "deviceId" in reason

    def test_an_unregistered_device_cannot_connect(self, app, device):
        app.unregister(device)
        with device.connect() as connection:
            assert connection.closing() == (4404, "no active device has this deviceId: register first")

    def test_what_a_device_says_at_once_is_heard(self, app, device):
        message = app.send(needConfirm=True)
        with device.connect() as connection:
            connection.confirm(message)
            connection.texts_before_heartbeat_answer()
            eventually(lambda: app.state(message, device) == "received")

    def test_the_device_list_knows_who_is_connected(self, app, device):
        def is_connected():
            return app.server.admin("GET", f"/v1/devices/{device.id}").json()["connected"]

        assert not is_connected()
        with device.connect():
            eventually(is_connected)
        eventually(lambda: not is_connected())


class TestResending:
    @pytest.fixture
    def app(self, start_server):
        return App(start_server(sessions__resend_after="200ms"))

    def test_a_message_is_sent_again_ever_more_seldom_until_it_is_confirmed(self, app):
        device = app.register()
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            times = []
            for _ in range(4):
                assert connection.message()["id"] == message
                times.append(time.monotonic())
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")
            assert device.receives_before_a_marker(connection) == []
        pauses = [after - before for before, after in zip(times, times[1:])]
        for pause, expected in zip(pauses, [0.2, 0.4, 0.8]):
            assert expected * 0.8 <= pause <= expected + 0.35, f"pauses of {pauses}"
        assert app.delivery(message, device)["attempts"] == 4
        assert app.server.metric("apus_deliveries_resent_total") == 3

    def test_a_message_that_is_never_confirmed_expires(self, app):
        device = app.register()
        with device.connect() as connection:
            message = app.send(needConfirm=True, duration=2)
            start = time.monotonic()
            eventually(lambda: app.state(message, device) == "expired")
            assert 2 <= time.monotonic() - start < 5
            received = device.receives_before_a_marker(connection)
        assert ids(received) == [message] * len(received)
        assert len(received) == 4, "sent at 0, 0.2, 0.6 and 1.4 s"
        delivery = app.delivery(message, device)
        assert delivery["error"] == "expired"

    def test_a_late_confirmation_does_not_bring_an_expired_message_back(self, app):
        device = app.register()
        with device.connect() as connection:
            message = app.send(needConfirm=True, duration=1)
            eventually(lambda: app.state(message, device) == "expired")
            later = app.send(needConfirm=True)
            connection.confirm(message, later)
            eventually(lambda: app.state(later, device) == "received")
        assert app.counts(message) == {"expired": 1}

    def test_an_expired_message_is_not_delivered_to_a_device_that_comes_too_late(self, app):
        device = app.register()
        message = app.send(duration=1)
        eventually(lambda: app.state(message, device) == "expired")
        with device.connect() as connection:
            assert device.receives_before_a_marker(connection) == []

    def test_other_messages_pass_one_that_waits_for_its_confirmation(self, app):
        device = app.register()
        with device.connect() as connection:
            waiting, next = app.send(needConfirm=True), app.send()
            assert ids(connection.messages(2)) == [waiting, next]


class TestWindow:
    @pytest.fixture
    def app(self, start_server):
        return App(start_server(sessions__window=4))

    @pytest.mark.parametrize("is_connected_first", [False, True])
    def test_a_device_that_never_confirms_gets_only_as_many_as_the_window(self, app, is_connected_first):
        device = app.register()
        connection = device.connect() if is_connected_first else None
        sent = [app.send(needConfirm=True) for _ in range(10)]
        connection = connection or device.connect()
        with connection:
            assert ids(connection.messages(4)) == sent[:4]
            eventually(lambda: [app.state(message, device) for message in sent] == ["sent"] * 4 + ["unsent"] * 6)
            assert connection.texts_before_heartbeat_answer() == []
            assert app.explain(sent[4], device)["next"]["code"] == "waits.order"

            connection.confirm(sent[0])
            assert connection.message()["id"] == sent[4]
            connection.confirm(*sent[1:5])
            assert ids(connection.messages(4)) == sent[5:9]
            connection.confirm(*sent[5:9])
            assert connection.message()["id"] == sent[9]
            assert device.receives_before_a_marker(connection) == []

    def test_a_window_full_of_expired_messages_opens_again(self, app):
        device = app.register()
        with device.connect() as connection:
            expiring = [app.send(needConfirm=True, duration=1) for _ in range(4)]
            waiting = app.send(needConfirm=True)
            assert ids(connection.messages(5)) == [*expiring, waiting]


class TestSlowReader:
    SENT = 8_000

    def test_a_device_that_stops_reading_costs_no_memory_and_gets_all_later(self, start_server):
        app = App(start_server())
        app.register(alias="warm-up")
        self.send(app, "warm-up")  # fills the store's cache
        device = app.register(alias="slow")
        with WebSocketWire(device, receive_buffer=65536) as wire:
            before = app.server.memory
            sent = self.send(app, "slow")
            grown = app.server.memory - before
            assert grown < 16 << 20, f"memory grew by {grown >> 20} MB for {self.SENT * 4 >> 10} MB of messages"
            eventually(app.server.is_well)

            received = []
            while len(received) < len(sent):
                received.append(json.loads(wire.text())["id"])
            assert received == sent

    @staticmethod
    def send(app, alias):
        sent = []
        for _ in range(TestSlowReader.SENT // 1000):
            body = app.body(audienceType="ALIAS", audiences=[alias], alert="x" * 4000)
            sent += [answer["requestId"] for answer in app.batch([body] * 1000)]
        return sent

    def test_one_that_stops_reading_does_not_hold_up_the_others(self, start_server):
        app = App(start_server())
        slow, quick = app.register(), app.register()
        with WebSocketWire(slow, receive_buffer=4096), quick.connect() as connection:
            for _ in range(3):
                app.batch([app.body(audienceType="DEVICE", audiences=[slow.id], alert="x" * 4000)] * 1000)
            message = app.send_to(quick)
            assert connection.message(within=2)["id"] == message


class TestSilentPeer:
    @pytest.fixture
    def device(self, start_server):
        return App(start_server(sessions__ping_after="1s", sessions__ping_timeout="1s")).register()

    def test_a_peer_that_no_longer_answers_is_closed(self, device):
        with WebSocketWire(device) as wire:
            start = time.monotonic()
            assert wire.frame() == (PING, b"")
            assert wire.frame() is None
            assert 1.8 <= time.monotonic() - start <= 4
        is_connected = f"/v1/devices/{device.id}"
        assert device.app.server.admin("GET", is_connected).json()["connected"] is False

    def test_one_that_answers_stays(self, device):
        with WebSocketWire(device) as wire:
            for _ in range(3):
                opcode, payload = wire.frame()
                assert opcode == PING
                wire.send(frame(PONG, payload))
            message = device.app.send()
            assert message in wire.text()

    def test_one_that_talks_is_not_asked(self, device):
        with WebSocketWire(device) as wire:
            end = time.monotonic() + 2.5
            while time.monotonic() < end:
                wire.send(frame(1, b"HBT"))
                assert wire.text() == "ACK1"
