import ApusCore
import NIOCore
import Testing

@testable import ApusHTTP

@Suite("TrustedProxies")
struct TrustedProxiesTests {
    private let proxies = TrustedProxies(["10.0.0.0/8", "2001:db8:ffff::/48"].compactMap { AddressRange($0) })

    private func headers(_ lines: [String]) throws -> HTTPWireHeaders {
        var decoder = HTTPRequestDecoder { _ in 1024 }
        var bytes = ByteBuffer(string: (["GET / HTTP/1.1", "Host: a"] + lines + ["", ""]).joined(separator: "\r\n"))
        decoder.append(&bytes)
        guard case .request(let request)? = try decoder.next() else {
            throw ApusError(.invalid, code: "test", "no request")
        }
        return request.headers
    }

    private func client(_ lines: [String], from peer: String, _ proxies: TrustedProxies? = nil) throws -> String? {
        (proxies ?? self.proxies).client(try headers(lines), from: IPAddress(peer))?.description
    }

    @Test("without a trusted proxy nothing is believed")
    func nobodyIsTrusted() throws {
        let lines = ["X-Forwarded-For: 192.0.2.9", "Forwarded: for=192.0.2.9", "X-Forwarded-Proto: https"]
        #expect(try client(lines, from: "10.0.0.1", TrustedProxies()) == "10.0.0.1")
        #expect(try client(lines, from: "192.0.2.1") == "192.0.2.1")
        #expect(proxies.isSecure(try headers(lines), from: IPAddress("192.0.2.1")) == nil)
        #expect(proxies.isSecure(try headers(lines), from: IPAddress("10.0.0.1")) == true)
    }

    @Test(
        "of a chain, the last that is no trusted proxy is the client",
        arguments: [
            (["X-Forwarded-For: 192.0.2.9"], "192.0.2.9"),
            (["X-Forwarded-For: 6.6.6.6, 192.0.2.9"], "192.0.2.9"),
            (["X-Forwarded-For: 6.6.6.6, 192.0.2.9, 10.1.1.1"], "192.0.2.9"),
            (["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.9,10.1.1.1"], "192.0.2.9"),
            (["X-Forwarded-For: 10.2.2.2, 10.1.1.1"], "10.2.2.2"),
            (["X-Forwarded-For: 192.0.2.9:4711"], "192.0.2.9"),
            (["X-Forwarded-For: [2001:db8::9]:4711"], "2001:db8::9"),
            (["X-Forwarded-For: 2001:db8::9, 2001:db8:ffff::1"], "2001:db8::9"),
            (["X-Forwarded-For: ::ffff:192.0.2.9"], "192.0.2.9"),
            (["Forwarded: for=6.6.6.6, for=192.0.2.9;proto=https;by=10.0.0.1"], "192.0.2.9"),
            ([#"Forwarded: For="[2001:db8::9]:4711";proto=http"#], "2001:db8::9"),
            (["Forwarded: for=192.0.2.9", "X-Forwarded-For: 192.0.2.9"], "192.0.2.9"),
        ])
    func chain(_ lines: [String], _ expected: String) throws {
        #expect(try client(lines, from: "10.0.0.1") == expected)
    }

    @Test(
        "what is no address, or says two things, is not believed",
        arguments: [
            (["X-Forwarded-For: "], "10.0.0.1"),
            (["X-Forwarded-For: unknown"], "10.0.0.1"),
            (["X-Forwarded-For: 192.0.2.9, nonsense"], "10.0.0.1"),
            (["X-Forwarded-For: 192.0.2.9, nonsense, 10.1.1.1"], "10.1.1.1"),
            (["Forwarded: for=_hidden"], "10.0.0.1"),
            (["Forwarded: proto=https"], "10.0.0.1"),
            (["Forwarded: for=6.6.6.6", "X-Forwarded-For: 192.0.2.9"], "10.0.0.1"),
            (["Forwarded: for=", "X-Forwarded-For: 192.0.2.9"], "10.0.0.1"),
        ])
    func nonsense(_ lines: [String], _ expected: String) throws {
        #expect(try client(lines, from: "10.0.0.1") == expected)
    }
}
