"""The business system of seed 004: its calls as an app makes them, its tables as an operator sees them."""

import itertools
import json
import subprocess

numbers = itertools.count(1001)

# The seed's own queries, character for character.
REALTIME_QUERY = """
select 
  title as '标题'
  , content as '内容'
  , push_type as '推送类型'
  , ios_device_tokens as 'iOS 设备'
  , ios_ret as 'iOS 推送状态'
  , ios_response as 'iOS 推送响应'
  , android_device_tokens as 'Android 设备'
  , android_ret as 'Android 推送状态'
  , android_response as 'Android 推送响应'
from sys_push_messages 
order by id desc;
"""
SCHEDULED_QUERY = """
select 
  smc.receivers as '接收者员工编号列表'
  , smc.created_at as '任务创建时间'
  , spm.created_at as '消息推送时间'
  , spm.title as '标题'
  , spm.content as '内容'
  , spm.push_type as '推送类型'
  , spm.ios_device_tokens as 'iOS 设备'
  , spm.ios_ret as 'iOS 推送状态'
  , spm.ios_response as 'iOS 推送响应'
  , spm.android_device_tokens as 'Android 设备'
  , spm.android_ret as 'Android 推送状态'
  , spm.android_response as 'Android 推送响应'
from sys_message_center as smc
left join sys_push_messages as spm on spm.id = replace(smc.send_result, 'push_message#', '')
where smc.notify_mode = 'push'
order by smc.id desc;
"""
# The operators' manual's.
REACHABLE_QUERY = (
    "select sd.name, sd.platform, sd.os, sd.os_version, sd.push_device_token from sys_devices as sd where sd.id in "
    "(select sud.device_id from sys_user_devices as sud where sud.user_num in ('{}') and "
    "length(sd.push_device_token) > 0)")


def quoted(value):
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


class Business:
    """The business system beside a server."""

    def __init__(self, server, app="business", key="the-key-of-the-business"):
        self.server = server
        self.key = key
        self.app = app
        server.create_app("Business", id=app, appKey=key)

    # The tables

    def sql(self, text):
        """Runs the `sqlite3` shell on the file while the server runs. Answers the rows."""
        shell = subprocess.run(
            ["sqlite3", "-json", "-cmd", ".timeout 20000", self.server.data / "apus.db"], input=text, text=True,
            capture_output=True, timeout=60)
        assert (shell.returncode, shell.stderr) == (0, ""), shell.stderr
        return json.loads(shell.stdout) if shell.stdout.strip() else []

    def add_user(self, password="secret", **members):
        number = str(next(numbers))
        columns = {"user_name": f"user {number}", "user_num": number, "user_pass": password} | members
        self.sql(f"insert into sys_users ({', '.join(columns)}) values ({', '.join(map(quoted, columns.values()))})")
        return number

    def add_row(self, receivers, **members):
        """An operator's INSERT into the message centre. Answers the row's id."""
        columns = {
            "title": "title", "content": "content", "notify_mode": "push", "receivers": receivers,
            "created_at": "2026-11-21 08:00:00", "updated_at": "2026-11-21 08:00:00",
        } | members
        return self.sql(
            f"insert into sys_message_center ({', '.join(columns)}) values "
            f"({', '.join(map(quoted, columns.values()))}) returning id")[0]["id"]

    def row(self, id):
        return self.sql(f"select * from sys_message_center where id = {id}")[0]

    def push_row(self, id):
        return self.sql(f"select * from sys_push_messages where id = {id}")[0]

    # The calls

    def call(self, path, key=True, form="form", **parameters):
        """A call as seed 004 documents it: parameters as a form, as JSON or in the query string."""
        headers = {"X-App-Key": self.key} if key else {}
        place = {"form": "data", "json": "json", "query": "params"}[form]
        return self.server.post(f"/api/v1.1/{path}", headers=headers, **{place: parameters})

    def authenticate(self, number, password="secret", **options):
        return self.call("user/authentication", key=False, user_num=number, password=password, **options)

    def register(self, number, uuid=None, **parameters):
        usual = {
            "user_num": number, "uuid": uuid or f"uuid-{next(numbers)}", "push_token": f"token-{next(numbers)}",
            "push_platform": "umeng", "name": "a phone", "platform": "android", "os": "Android", "os_version": "14",
        }
        answer = self.call("app/device", **(usual | parameters))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def push(self, number, **parameters):
        return self.call("user/push_message", user_num=number, **({"title": "title", "content": "content"} | parameters))

    def status(self, push):
        return self.server.get(
            "/api/v1.1/query/push_message", params={"push_message_id": push}, headers={"X-App-Key": self.key})
