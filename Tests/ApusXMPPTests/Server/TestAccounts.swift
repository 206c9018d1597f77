import ApusCore

@testable import ApusXMPP

/// The accounts of a screenplay: who can log in, and with what.
struct TestAccounts {
    static let decoySecret = [UInt8]("the same after a restart".utf8)

    private var candidates: [String: LoginCandidate] = [:]
    private var accounts: [String: Account] = [:]

    /// `ann` has the password `secret`, which can be read back. `bob` has `hunter2`, of which only keys are kept. `user`
    /// has the password and the salts of the examples in RFC 5802 §5 and RFC 7677 §3. `gone` was unregistered.
    static let everyone: TestAccounts = {
        var accounts = TestAccounts()
        accounts.add("ann", 1, credentials(of: "secret"), password: "secret")
        accounts.add("bob", 2, credentials(of: "hunter2"), password: nil)
        accounts.add(
            "user", 3,
            AccountCredentials(
                sha1: SCRAMTests.vectors[0].credentials!, sha256: SCRAMTests.vectors[1].credentials!,
                sealedPassword: nil),
            password: "pencil")
        accounts.add("gone", 4, credentials(of: "secret"), password: "secret", isActive: false)
        return accounts
    }()

    static func credentials(of password: String) -> AccountCredentials {
        let derive = { (mechanism: SCRAMMechanism) in
            SCRAMCredentials(
                password: password, salt: Array("salt of 16 bytes".utf8), iterations: 4096, mechanism: mechanism)!
        }
        return AccountCredentials(sha1: derive(.sha1), sha256: derive(.sha256), sealedPassword: nil)
    }

    static func account(_ name: String, _ number: Int64 = 1, isActive: Bool = true) -> Account {
        Account(
            name: name, credentials: [], device: DeviceNumber(number), deviceID: "device-\(number)", alias: name,
            isActive: isActive, app: AppNumber(1), appID: "shop", createdAt: Timestamp(milliseconds: 0))
    }

    private mutating func add(
        _ name: String, _ number: Int64, _ credentials: AccountCredentials, password: String?, isActive: Bool = true
    ) {
        let account = Self.account(name, number, isActive: isActive)
        accounts[name] = account
        candidates[name] = LoginCandidate(account, credentials: credentials, password: password)
    }

    func candidate(_ name: String) -> LoginCandidate {
        candidates[name] ?? LoginCandidate(decoyFor: name, secret: Self.decoySecret, keepsPassword: true)
    }

    func has(_ name: String) -> Bool { accounts[name] != nil }
}
