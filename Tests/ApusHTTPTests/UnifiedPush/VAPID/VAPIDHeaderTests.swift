import Testing

@testable import ApusHTTP

@Suite("VAPIDHeader")
struct VAPIDHeaderTests {
    @Test(
        "token and key are found in any order, with spaces, quotes and in any case",
        arguments: [
            "vapid t=a.b.c, k=BK_-1", "vapid t=a.b.c,k=BK_-1", "VAPID k=BK_-1, t=a.b.c",
            "Vapid  T=\"a.b.c\" , K=\"BK_-1\" ",
            "vapid x=1,t = a.b.c ,\tk= BK_-1", " vapid\tt=a.b.c,k=BK_-1",
        ])
    func reads(_ text: String) throws {
        let header = try #require(try VAPIDHeader(authorization: text))
        #expect(header.token == "a.b.c")
        #expect(header.key == "BK_-1")
    }

    @Test(
        "the form of drafts has its key in another header",
        arguments: [
            "p256ecdsa=BK_-1", "dh=BDH;p256ecdsa=BK_-1", "keyid=p256dh;dh=BDH, p256ecdsa=\"BK_-1\"",
        ])
    func draft(_ cryptoKey: String) throws {
        let header = try #require(try VAPIDHeader(authorization: "WebPush a.b.c", cryptoKey: cryptoKey))
        #expect(header.token == "a.b.c")
        #expect(header.key == "BK_-1")
    }

    @Test("nothing, and other schemes, say nothing of the sender", arguments: [nil, "", "Bearer x", "vapidt=a,k=b"])
    func others(_ text: String?) throws {
        #expect(try VAPIDHeader(authorization: text) == nil)
    }

    @Test(
        "a part that is missing is named",
        arguments: [
            ("vapid", "t is missing"), ("vapid k=b", "t is missing"), ("vapid t=a", "k is missing"),
            ("vapid t=,k=b", "t is missing"), ("vapid t=a,k=\"\"", "k is missing"),
            ("WebPush a.b.c", "Crypto-Key has no p256ecdsa"),
        ])
    func incomplete(_ text: String, _ what: String) {
        #expect(throws: VAPIDError.malformed(what)) { try VAPIDHeader(authorization: text, cryptoKey: "dh=BDH") }
    }
}
