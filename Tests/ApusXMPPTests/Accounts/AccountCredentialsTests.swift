import Testing

@testable import ApusXMPP

@Suite("What is kept of a password")
struct AccountCredentialsTests {
    private func credentials(sealed: [UInt8]?) -> AccountCredentials {
        var credentials = TestAccounts.credentials(of: "secret")
        credentials.sealedPassword = sealed
        return credentials
    }

    @Test("is read as it was written", arguments: [nil, [1], Array(0...255)] as [[UInt8]?])
    func roundTrip(sealed: [UInt8]?) {
        let credentials = credentials(sealed: sealed)
        #expect(AccountCredentials(bytes: credentials.bytes) == credentials)
        #expect(credentials.bytes.count == 1 + (4 + 16 + 20 + 20) + (4 + 16 + 32 + 32) + (sealed?.count ?? 0))
        #expect(credentials[.sha1] == credentials.sha1 && credentials[.sha256] == credentials.sha256)
    }

    @Test("is not read if some of it is missing, or if it is of another version")
    func truncated() {
        let bytes = credentials(sealed: nil).bytes
        for count in 0..<bytes.count { #expect(AccountCredentials(bytes: Array(bytes[..<count])) == nil) }
        for version: UInt8 in [0, 2, 255] { #expect(AccountCredentials(bytes: [version] + bytes.dropFirst()) == nil) }
    }

    @Test("does not tell the password")
    func hidden() {
        let bytes = credentials(sealed: nil).bytes
        #expect(bytes.firstRange(of: Array("secret".utf8)) == nil)
    }
}
