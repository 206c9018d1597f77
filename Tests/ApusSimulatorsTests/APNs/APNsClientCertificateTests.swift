import ApusTestKit
import Testing

@testable import ApusSimulators

@Suite("Client certificates")
struct APNsClientCertificateTests {
    private let authority: SimulatorAuthority

    init() throws {
        authority = try SimulatorAuthority()
    }

    @Test("without a list of topics the subject's user id is the topic")
    func userID() throws {
        let identity = try authority.issueClientIdentity(bundleID: "com.example.app")
        let certificate = try APNsClientCertificate(pem: identity.certificate)
        #expect(certificate.topics == ["com.example.app"])
        #expect(certificate.environments == [.production, .sandbox])
    }

    @Test("topics and environments are read from Apple's extensions")
    func extensions() throws {
        let identity = try authority.issueClientIdentity(
            bundleID: "com.example.app", topics: ["com.example.app", "com.example.app.voip"], environments: [.sandbox])
        // Key and certificate in one file, as the seed's ck.pem.
        let certificate = try APNsClientCertificate(pem: identity.privateKey + "\n" + identity.certificate)
        #expect(certificate.topics == ["com.example.app", "com.example.app.voip"])
        #expect(certificate.environments == [.sandbox])
    }

    @Test("a certificate is good in its environment only")
    func environments() throws {
        let identity = try authority.issueClientIdentity(bundleID: "com.example.app", environments: [.sandbox])
        let certificate = try APNsClientCertificate(pem: identity.certificate)
        let now = ManualClock().now
        for environment in [APNsServiceEnvironment.production, .sandbox] {
            let verifier = ProviderTokenVerifier(teams: [], environment: environment, updateLimit: 3)
            var authenticator = APNsAuthenticator(verifier: verifier, environment: environment)
            authenticator.peer = .certificate(certificate)
            if environment == .sandbox {
                #expect(try authenticator.sender(nil, at: now, wedges: true).topics == ["com.example.app"])
            } else {
                #expect(throws: APNsRefusal.badCertificateEnvironment) {
                    try authenticator.sender(nil, at: now, wedges: true)
                }
            }
            authenticator.peer = .unknownCertificate
            #expect(throws: APNsRefusal.badCertificate) { try authenticator.sender("bearer", at: now, wedges: true) }
        }
    }

    @Test("a text without a certificate says so")
    func noCertificate() throws {
        let key = try authority.issueClientIdentity(bundleID: "a").privateKey
        #expect(throws: APNsSimulatorError.self) { try APNsClientCertificate(pem: key) }
    }
}
