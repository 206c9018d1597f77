import Testing

@testable import ApusXMPP

@Suite("Where a server wants its clients instead")
struct StreamEndpointTests {
    @Test(
        "is a name or an address, and maybe a port",
        arguments: [
            ("b.example.org", "b.example.org", nil), ("b.example.org:9222", "b.example.org", 9222),
            ("192.0.2.1:1", "192.0.2.1", 1), ("[2001:db8::1]", "2001:db8::1", nil),
            ("[2001:db8::1]:9222", "2001:db8::1", 9222),
        ] as [(String, String, Int?)])
    func valid(text: String, host: String, port: Int?) {
        #expect(StreamEndpoint(text) == StreamEndpoint(host: host, port: port))
    }

    @Test(
        "is nothing else",
        arguments: ["", ":1", "a:", "a:0", "a:65536", "a:b", "2001:db8::1", "[::1", "[]:1", "[::1]x", "a b"])
    func invalid(text: String) {
        #expect(StreamEndpoint(text) == nil)
    }
}
