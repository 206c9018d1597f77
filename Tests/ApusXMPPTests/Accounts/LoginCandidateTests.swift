import ApusCore
import Testing

@testable import ApusXMPP

@Suite("Who may be logging in")
struct LoginCandidateTests {
    private static let secret = TestAccounts.decoySecret
    private static let names = (0..<200).map { "name\($0)" }

    private func decoy(_ name: String, secret: [UInt8] = Self.secret, keeps: Bool = true) -> LoginCandidate {
        LoginCandidate(decoyFor: name, secret: secret, keepsPassword: keeps)
    }

    @Test("an account is let in with its password and no other", arguments: ["secret", nil])
    func account(kept: String?) {
        let candidate = LoginCandidate(
            TestAccounts.account("ann"), credentials: TestAccounts.credentials(of: "secret"), password: kept)
        #expect(candidate.matches(password: "secret") && candidate.account?.name == "ann")
        for wrong in ["Secret", "secret ", "", "\u{7}"] { #expect(!candidate.matches(password: wrong)) }
        #expect(candidate.offersDigest == (kept != nil) && candidate.isSlow == (kept == nil))
        let digest = LegacyDigest.hex(streamID: "8c73c61", password: "secret")
        #expect(candidate.matches(digest: digest, streamID: "8c73c61") == (kept != nil))
        #expect(!candidate.matches(digest: digest, streamID: "8c73c62"))
        #expect(!candidate.matches(digest: "", streamID: "8c73c61"))
    }

    @Test("passwords are compared as SASLprep prepares them", arguments: ["pa\u{A0}ss", nil])
    func prepared(kept: String?) {
        let candidate = LoginCandidate(
            TestAccounts.account("ann"), credentials: TestAccounts.credentials(of: "pa\u{A0}ss"), password: kept)
        #expect(candidate.matches(password: "pa ss") && candidate.matches(password: "pa\u{AD}\u{A0}ss"))
    }

    @Test("an account that was unregistered is not let in")
    func inactive() {
        let candidate = LoginCandidate(
            TestAccounts.account("ann", isActive: false), credentials: TestAccounts.credentials(of: "secret"),
            password: "secret")
        #expect(candidate.account == nil && !candidate.matches(password: "secret"))
        #expect(!candidate.matches(digest: LegacyDigest.hex(streamID: "1", password: "secret"), streamID: "1"))
    }

    @Test("a decoy is the same each time, and another for each name and each server")
    func stable() {
        for mechanism in SCRAMMechanism.allCases {
            #expect(decoy("x")[mechanism] == decoy("x")[mechanism])
            #expect(decoy("x")[mechanism].salt != decoy("y")[mechanism].salt)
            #expect(decoy("x")[mechanism].salt != decoy("x", secret: [1])[mechanism].salt)
            #expect(Set(Self.names.map { decoy($0)[mechanism].salt }).count == Self.names.count)
        }
    }

    @Test("a decoy looks like a new account")
    func lookalike() {
        #expect(Self.names.allSatisfy { decoy($0).offersDigest && !decoy($0).isSlow })
        #expect(Self.names.allSatisfy { !decoy($0, keeps: false).offersDigest && decoy($0, keeps: false).isSlow })
        let real = TestAccounts.credentials(of: "secret")
        for mechanism in SCRAMMechanism.allCases {
            #expect(decoy("x")[mechanism].iterations == real[mechanism].iterations)
            #expect(decoy("x")[mechanism].salt.count == real[mechanism].salt.count)
        }
    }

    @Test("nothing fits a decoy")
    func matchesNothing() {
        for name in Self.names.prefix(12) {
            let decoy = decoy(name)
            #expect(decoy.account == nil)
            for password in ["", "secret", name] {
                #expect(!decoy.matches(password: password))
                #expect(!decoy.matches(digest: LegacyDigest.hex(streamID: "1", password: password), streamID: "1"))
            }
        }
    }
}
