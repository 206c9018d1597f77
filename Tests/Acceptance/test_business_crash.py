"""The message centre when the server ends at once in the middle of a scan."""

import json
import random
import time

import pytest

from business import Business
from waiting import eventually

KILLS = 50
ROWS = 3000


def test_no_row_is_lost_or_acted_on_twice_however_often_the_server_is_killed(start_server):
    """Each run of the server is killed at another point of its scan."""
    business = Business(start_server(business__scan_every="1h"))
    users = [business.add_user() for _ in range(5)]
    for user in users:
        business.register(user)
    server, chance = business.server, random.Random(7)

    def counts():
        found = business.sql("select send_state, count(*) as n from sys_message_center group by send_state")
        return {entry["send_state"]: entry["n"] for entry in found}

    added, during = 0, 0
    for kill in range(KILLS):
        server.kill()
        if counts().get(0, 0) < ROWS // 2:
            rows = ", ".join(f"('row {added + n}', 'c', 'push', '{users[n % 5]}')" for n in range(ROWS))
            business.sql(f"insert into sys_message_center (title, content, notify_mode, receivers) values {rows}")
            added += ROWS
        before = counts().get(1, 0)
        server.start()
        # The scan begins with the start; from a look at it to its end takes a few hundred milliseconds.
        time.sleep(chance.uniform(0, 0.3))
        server.kill()
        after = counts()
        during += before < after.get(1, 0) and after.get(0, 0) > 0
        server.start()
    assert during >= KILLS // 4, "too few of the kills fell into a scan"
    eventually(lambda: counts() == {1: added}, within=120)

    # Each row has a push of its own with its own text, each push its message, and there are no others.
    assert business.sql("""
        select count(*) as n, count(distinct c.send_result) as pushes, sum(p.title = c.title) as same,
            count(distinct b.message) as messages
        from sys_message_center c join sys_push_messages p on p.id = replace(c.send_result, 'push_message#', '')
            join business_pushes b on b.push = p.id join messages m on m.id = b.message and m.title = c.title
        """) == [{"n": added, "pushes": added, "same": added, "messages": added}]
    for table in ["sys_push_messages", "business_pushes", "messages", "deliveries"]:
        assert business.sql(f"select count(*) as n from {table}") == [{"n": added}], table


@pytest.mark.parametrize("recurring", [False, True])
def test_a_schedule_makes_each_of_its_rows_once(start_server, recurring):
    business = Business(start_server(business__scan_every="1h"))
    ann = business.add_user()
    business.register(ann)
    when = {"cron": "0 0 1 1 *"} if recurring else {"sendAt": "2099-01-01T00:00:00Z"}
    for number in range(400):
        body = {"content": "c", "title": str(number), "receivers": ann} | when
        business.server.post("/v1/schedules", data=json.dumps(body), headers={"X-App-Key": business.key})
    business.server.kill()
    business.sql("update schedules set next_at = 1")
    for _ in range(5):
        business.server.start()
        time.sleep(random.Random().uniform(0, 0.1))
        business.server.kill()
    business.server.start()
    made = eventually(lambda: (rows := business.sql("select title, send_state from sys_message_center"))
                      and len(rows) >= 400 and all(row["send_state"] == 1 for row in rows) and rows, within=60)
    assert sorted(int(row["title"]) for row in made) == list(range(400))
