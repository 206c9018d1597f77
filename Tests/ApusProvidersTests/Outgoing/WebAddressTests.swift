import ApusCore
import Testing

@testable import ApusProviders

@Suite("WebAddress")
struct WebAddressTests {
    @Test("a URL is taken apart, and its origin leaves out the default port")
    func parses() throws {
        let address = try WebAddress("HTTPS://Push.Example.org:443/wpush/v2/a?b=c/d")
        #expect(address.isSecure)
        #expect(address.host == "push.example.org")
        #expect(address.port == 443)
        #expect(address.target == "/wpush/v2/a?b=c/d")
        #expect(address.origin == "https://push.example.org")
        #expect(address.text == "https://push.example.org/wpush/v2/a?b=c/d")
    }

    @Test("ports, addresses and missing paths")
    func unusual() throws {
        #expect(try WebAddress("http://a:8080?x").text == "http://a:8080/?x")
        #expect(try WebAddress("https://a").target == "/")
        #expect(try WebAddress("https://[2606::1]:8443/x").origin == "https://[2606::1]:8443")
        #expect(try WebAddress("https://[2606::1]/x").literalAddress == IPAddress("2606::1"))
        #expect(try WebAddress("https://127.0.0.1/x").literalAddress == IPAddress("127.0.0.1"))
        #expect(try WebAddress("https://a.example/x").literalAddress == nil)
    }

    @Test(
        "what programs might read differently is refused",
        arguments: [
            "", "push.example.org/a", "ftp://a/b", "https://", "https:///a", "https://user@a/", "https://a:b@c/",
            "https://a#b", "https://a b/", "https://a\\b/", "https://a:0/", "https://a:65536/", "https://a:/",
            "https://a:+80/", "https://[::1/", "https://[::1]x/", "https://[a]/", "https://a%2eb/",
            "https://ä.example/",
            "https://a/\u{7F}", "https://a/\r\nX: y", "https://a/<b>",
        ])
    func refuses(_ text: String) {
        #expect(throws: ApusError.self) { try WebAddress(text) }
    }
}
