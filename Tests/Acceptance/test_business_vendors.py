"""The business system's pushes through vendors: what operators read in `sys_push_messages` afterwards."""

import json

import pytest

from business import REALTIME_QUERY, Business
from server import Server, run
from vendors import Simulator
from waiting import eventually


@pytest.fixture(scope="module")
def umeng(tmp_path_factory):
    simulator = Simulator("umeng", tmp_path_factory.mktemp("umeng"))
    yield simulator
    simulator.end()


@pytest.fixture(scope="module")
def business(tmp_path_factory, umeng):
    directory = tmp_path_factory.mktemp("server")
    server = Server(directory, settings={"business.scan_every": "1s"}).start()
    business = Business(server)
    for platform in ("android", "ios"):
        file = directory / f"{platform}.json"
        file.write_text(json.dumps({"masterSecret": f"{platform}-secret"}))
        settings = {"platform": platform, "appKey": f"{platform}-key", "endpoint": umeng.url}
        ended = run(
            "credential", "add", "umeng", "--app", business.app, "--settings", json.dumps(settings), "--secret-file",
            file, APUS_SERVER=server.url, APUS_ADMIN_TOKEN=server.token)
        assert ended.returncode == 0, ended.stderr
    yield business
    server.end()


ANDROID, IOS = "A" + "1" * 43, "ab" * 32


def test_a_push_goes_to_both_platforms_and_the_table_tells_what_umeng_said(business, umeng):
    ann = business.add_user()
    business.register(ann, platform="android", push_token=ANDROID)
    business.register(ann, platform="ios", push_token=IOS, os="iOS")
    push = business.push(ann, title="Zahlen", content="Die Zahlen sind da").json()["push_message_id"]
    row = eventually(lambda: (row := business.push_row(push))["ios_ret"] and row["android_ret"] and row)
    assert (row["android_ret"], row["ios_ret"]) == ("SUCCESS", "SUCCESS")
    assert (row["android_device_tokens"], row["ios_device_tokens"]) == (ANDROID, IOS)
    for column in ("task_id", "response", "timestamp"):
        assert row[f"android_{column}"] and row[f"ios_{column}"], (column, row)
    assert ANDROID in umeng.accepted and IOS in umeng.accepted
    shown = business.sql(REALTIME_QUERY)[0]
    assert (shown["标题"], shown["iOS 推送状态"], shown["Android 推送状态"]) == ("Zahlen", "SUCCESS", "SUCCESS")


def test_a_refusal_is_in_the_table_too(business, umeng):
    bob = business.add_user()
    business.register(bob, platform="android", push_token="40144014" + "0" * 36)
    push = business.push(bob).json()["push_message_id"]
    row = eventually(lambda: (row := business.push_row(push))["android_ret"] and row)
    assert "FAIL" in row["android_ret"] or "failed" in (row["android_status"] or ""), row
