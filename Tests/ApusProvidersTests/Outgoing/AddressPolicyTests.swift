import ApusCore
import Testing

@testable import ApusProviders

@Suite("AddressPolicy")
struct AddressPolicyTests {
    @Test(
        "addresses that are not of the public internet are refused",
        arguments: [
            ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("0.0.0.0", "unspecified"),
            ("0.1.2.3", "unspecified"), ("10.0.0.1", "private"), ("172.16.0.1", "private"),
            ("172.31.255.255", "private"), ("192.168.1.1", "private"), ("169.254.169.254", "link-local"),
            ("100.64.0.1", "carrier-grade NAT"), ("100.127.255.255", "carrier-grade NAT"),
            ("224.0.0.1", "multicast"), ("239.255.255.255", "multicast"), ("255.255.255.255", "reserved"),
            ("240.0.0.1", "reserved"), ("192.0.0.8", "reserved"), ("192.0.2.1", "documentation"),
            ("198.51.100.1", "documentation"), ("203.0.113.1", "documentation"), ("198.18.0.1", "benchmarking"),
            ("::", "unspecified"), ("::1", "loopback"), ("fe80::1", "link-local"), ("fc00::1", "unique local"),
            ("fdff:ffff::1", "unique local"), ("fec0::1", "site-local"), ("ff02::1", "multicast"),
            ("2001:db8::1", "documentation"), ("3fff::1", "documentation"), ("2001::1", "reserved"),
            ("::ffff:127.0.0.1", "loopback"), ("::ffff:10.1.2.3", "private"),
            ("64:ff9b::127.0.0.1", "loopback"), ("64:ff9b::a00:1", "private"), ("64:ff9b:1::1", "not public"),
            ("2002:7f00:1::", "loopback"), ("2002:c0a8:101::1", "private"), ("::7f00:1", "not public"),
            ("4000::1", "not public"),
        ])
    func refuses(_ text: String, _ name: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressPolicy().refusal(of: address) == "its address is \(name)")
    }

    @Test(
        "public addresses are allowed",
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
            "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
            "2606:4700:4700::1111", "2a00:1450:4001:800::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ])
    func allows(_ text: String) throws {
        #expect(AddressPolicy().refusal(of: try #require(IPAddress(text))) == nil)
    }

    @Test("exceptions are allowed, however they are written, and nothing beside them")
    func exceptions() throws {
        let policy = try AddressPolicy(allowing: ["10.1.0.0/16", "127.0.0.1", "fd00::/8", "Push.Intranet"])
        for allowed in ["10.1.255.1", "127.0.0.1", "::ffff:127.0.0.1", "fd12::1"] {
            #expect(policy.refusal(of: try #require(IPAddress(allowed))) == nil)
        }
        for refused in ["10.2.0.1", "127.0.0.2", "fc00::1", "::1"] {
            #expect(policy.refusal(of: try #require(IPAddress(refused))) != nil)
        }
        #expect(policy.allowsHost("push.intranet"))
        #expect(!policy.allowsHost("other.intranet"))
    }

    @Test(
        "an exception that is nothing of the kind is named", arguments: ["10.0.0.0/33", "a b", "", "::1/x", "1.2.3.4/"])
    func wrongException(_ text: String) throws {
        let error = #expect(throws: ApusError.self) { try AddressPolicy(allowing: [text]) }
        #expect(error?.message.hasPrefix("\(text) is no address") == true)
    }
}
