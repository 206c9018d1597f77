import ApusCore
import Testing

@Suite("SQLDump")
struct SQLDumpTests {
    private func items(_ text: String) -> [SQLDump.Item] {
        var dump = SQLDump(Array(text.utf8))
        var items: [SQLDump.Item] = []
        while let item = dump.next() { items.append(item) }
        return items
    }

    private func rows(_ text: String) -> [[String?]] {
        items(text).compactMap { if case .row(_, _, let values) = $0 { values } else { nil } }
    }

    private func problems(_ text: String) -> [String] {
        items(text).compactMap { if case .problem(let problem) = $0 { problem.description } else { nil } }
    }

    @Test("knows the columns from CREATE TABLE, whatever stands around them")
    func columns() {
        let found = items(
            """
            /*!40101 SET NAMES utf8 */;
            CREATE TABLE `t` (
              `id` int(11) NOT NULL AUTO_INCREMENT,
              `price` decimal(10,2) DEFAULT '0,1' COMMENT 'a `b`, (c); ''d'' \\'',
              `kind` enum('a','b)') DEFAULT NULL, -- a comment, with a comma
              PRIMARY KEY (`id`),
              KEY `by_kind` (`kind`,`price`),
              CONSTRAINT `c` FOREIGN KEY (`id`) REFERENCES `other` (`id`)
            ) ENGINE=InnoDB;
            INSERT INTO `t` VALUES (1,2.50,NULL);
            """)
        #expect(found == [.row(table: "t", columns: ["id", "price", "kind"], values: ["1", "2.50", nil])])
    }

    @Test("reads many rows and statements, with or without names of columns")
    func statements() {
        let text = "INSERT INTO `d`.`t` (`a`, b) VALUES (1,2), (3,4);insert ignore into t (a) values(-5)  ;\n"
        #expect(rows(text) == [["1", "2"], ["3", "4"], ["-5"]])
    }

    @Test(
        "reads values as MySQL means them",
        arguments: [
            (#"'it''s'"#, "it's"), (#"'it\'s \"so\"'"#, #"it's "so""#), (#"'a\nb\tc\\d\0e'"#, "a\nb\tc\\d\u{0}e"),
            (#"'100\%'"#, #"100\%"#), ("'，;)'", "，;)"), ("0xE5BCA0", "张"), ("X'41'", "A"),
            ("_binary 'x'", "x"), ("_utf8mb4'张三'", "张三"), ("b'101'", "5"), ("1e3", "1e3"), ("TRUE", "1"),
            (#""text""#, "text"), ("''", ""), ("-1.5", "-1.5"), ("'--x /* y'", "--x /* y"),
        ])
    func values(_ text: String, _ value: String) {
        #expect(rows("INSERT INTO t (a) VALUES (\(text));") == [[value]])
    }

    @Test("tells NULL from the text")
    func null() {
        #expect(rows("INSERT INTO t (a,b) VALUES (NULL,'NULL');") == [[nil, "NULL"]])
    }

    @Test(
        "names what cannot be read with its line, and goes on behind it",
        arguments: [
            ("INSERT INTO t VALUES (1);", "columns of t"), ("INSERT INTO t (a) VALUES (1,2);", "2 values"),
            ("INSERT INTO t (a) VALUES (x);", "x is no value"), ("INSERT INTO t (a) VALUES (1;", ") is missing"),
            ("INSERT INTO t (a) SELECT 1;", "no VALUES"), ("INSERT INTO t (a) VALUES (0x4);", "no hex"),
            ("CREATE TABLE;", "a name"),
        ])
    func problem(_ statement: String, _ message: String) throws {
        let text = "-- first\n" + statement + "\nINSERT INTO u (a) VALUES (7);"
        let found = problems(text)
        #expect(found.count == 1)
        #expect(try #require(found.first).contains(message) && found[0].hasPrefix("line 2: "))
        #expect(rows(text).last == ["7"])
    }

    @Test("ends at whatever a dump breaks off at")
    func truncated() {
        let text = "CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES (1,'x\\'y'),(0x41,NULL) /* c */;"
        for length in 0...text.utf8.count {
            _ = items(String(decoding: text.utf8.prefix(length), as: UTF8.self))
        }
        #expect(problems("INSERT INTO t (a) VALUES ('x") == ["line 1: a string has no end"])
    }

    @Test("keeps no password and no access token in clear, and sends nothing that waited")
    func prepared() throws {
        let user = ImportedRow(table: .users, values: ["user_pass": "secret", "access_token": "t"])
        let prepared = user.prepared(sendsWaiting: false)
        #expect(prepared["access_token"] == "")
        #expect(try #require(PasswordHash(prepared["user_pass"] ?? "")).matches("secret"))
        #expect(prepared.prepared(sendsWaiting: false) == prepared)
        let row = ImportedRow(table: .messageCentre, values: ["send_state": "0"])
        #expect(row.prepared(sendsWaiting: false)["send_state"] == "2")
        #expect(row.prepared(sendsWaiting: true)["send_state"] == "0")
        let done = ImportedRow(table: .messageCentre, values: ["send_state": "1"])
        #expect(done.prepared(sendsWaiting: false) == done)
    }
}
