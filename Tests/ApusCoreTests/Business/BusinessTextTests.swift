import ApusCore
import Testing

@Suite("Texts of the business system")
struct BusinessTextTests {
    @Test(
        "receivers are read as people write them, each once",
        arguments: [
            ("1001", ["1001"]), ("1001,1002", ["1001", "1002"]), (" 1001 ，1002;1001\n", ["1001", "1002"]),
            ("", []), (" , ,", []), ("王五、李四", ["王五", "李四"]),
            ("1001\r\n1002\r\n", ["1001", "1002"]),
        ])
    func receivers(_ text: String, _ numbers: [String]) {
        #expect(ReceiverList(text).numbers == numbers)
    }

    @Test("extra parameters are an object, whose url is what a tap opens")
    func extra() throws {
        let extra = try ExtraParameters(#"{"type":"kpi","url":"https://example.org","obj_id":7}"#)
        #expect(extra.url == "https://example.org" && extra.text?.hasSuffix("7}") == true)
        #expect(try ExtraParameters(#"{"url":7}"#).url == nil)
        for nothing in [nil, "", "  "] { #expect(try ExtraParameters(nothing).text == nil) }
        for wrong in ["{", "[]", "7", "null", "{}x", "text"] {
            #expect(throws: ApusError.self) { try ExtraParameters(wrong) }
        }
    }

    @Test("a password matches its hash and nothing else does")
    func password() throws {
        let hash = PasswordHash(of: "密码")
        #expect(hash.matches("密码") && !hash.matches("密") && !hash.matches(""))
        #expect(PasswordHash(hash.text) == hash)
        #expect(PasswordHash(of: "密码") != hash)
        // RFC 7914, section 12: the first 32 of its 64 bytes.
        let vector = try #require(
            PasswordHash("scrypt$14$8$U29kaXVtQ2hsb3JpZGU=$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI="))
        #expect(vector.matches("pleaseletmein"))
    }

    @Test(
        "what is no hash is clear text",
        arguments: ["", "secret", "scrypt$", "scrypt$14$8$x$y", "scrypt$99$8$AA==$AA=="])
    func clear(_ text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test("missed receivers are named by their reasons, and counted when they are many")
    func missed() {
        let many = (1...60).map { MissedReceiver("\($0)", .unknown) }
        #expect(MissedReceiver.text(many).hasSuffix("50 and 10 more"))
        #expect(
            MissedReceiver.text([
                MissedReceiver("9", .withoutDevice), MissedReceiver("7", .unknown), MissedReceiver("8", .unknown),
            ]) == "unknown user: 7, 8; without a device: 9")
    }

    @Test("a push stands as its deliveries do")
    func standing() {
        var standing = PushStanding()
        #expect(standing.text == "no device" && standing.result == nil)
        standing.add(.unsent, .failed("x"), isOpen: false)
        #expect(standing.text == "1 failed" && standing.result == "FAIL")
        standing.add(.sent, nil, times: 2, isOpen: true)
        #expect(standing.text == "2 sent, 1 failed" && standing.result == "SUCCESS" && standing.isOpen)
    }
}
