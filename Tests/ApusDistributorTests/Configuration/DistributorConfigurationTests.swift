import Foundation
import Testing

@testable import ApusDistributor

@Suite("The configuration")
struct DistributorConfigurationTests {
    private let file = TemporaryFile("config.json")

    private func read(_ text: String) throws -> DistributorConfiguration {
        try Data(text.utf8).write(to: URL(filePath: file.path))
        return try DistributorConfiguration.read(file.path)
    }

    private func complaint(about text: String) -> String {
        do {
            _ = try read(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("what is written is read again, and only its owner can read it")
    func written() throws {
        var configuration = DistributorConfiguration(account: "ann@example.org", password: "s€cret \" \\")
        configuration.gateway = "up.example.org"
        configuration.port = 5223
        try configuration.write(file.path)
        #expect(try DistributorConfiguration.read(file.path) == configuration)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        configuration.port = nil
        try configuration.write(file.path)
        #expect(try DistributorConfiguration.read(file.path) == configuration)
    }

    @Test("an account and its password are enough")
    func least() throws {
        let configuration = try read(#"{"account":"ann@example.org","password":"p"}"#)
        #expect(configuration.busName.text == "org.unifiedpush.Distributor.Apus")
        #expect(configuration.gatewayAddress == nil)
    }

    @Test("what is wrong is named, with what is right")
    func complaints() {
        #expect(complaint(about: #"{"account":"ann","password":"p"}"#).contains("name@example.org"))
        #expect(complaint(about: #"{"account":"a@b/c","password":"p"}"#).contains("\"account\" is \"a@b/c\""))
        #expect(complaint(about: #"{"account":"a@b","password":""}"#).contains("\"password\""))
        #expect(complaint(about: #"{"account":"a@b","password":"p","port":0}"#).contains("1 to 65535"))
        #expect(complaint(about: #"{"account":"a@b","password":"p","name":"7"}"#).contains("\"name\" is \"7\""))
        #expect(complaint(about: #"{"account":"a@b","password":"p","gateway":"@"}"#).contains("\"gateway\""))
        #expect(complaint(about: #"{"acount":"a@b"}"#).contains("there is no \"acount\". There are account, password"))
        #expect(complaint(about: "nonsense").contains("cannot be read"))
    }

    @Test("a missing file says how to make one")
    func missing() {
        let failure = #expect(throws: DistributorConfigurationError.self) {
            try DistributorConfiguration.read(file.directory + "/none.json")
        }
        #expect(failure?.description.contains("apus-distributor login") == true)
    }

    @Test("the directories are those of the XDG specification")
    func paths() {
        let usual = DistributorPaths(environment: ["HOME": "/home/ann", "XDG_DATA_HOME": "relative"])
        #expect(usual.configuration == "/home/ann/.config/apus-distributor/config.json")
        #expect(usual.book == "/home/ann/.local/share/apus-distributor/registrations.sqlite")
        let own = DistributorPaths(environment: ["HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"])
        #expect(own.configuration == "/c/apus-distributor/config.json")
        #expect(own.book == "/d/apus-distributor/registrations.sqlite")
    }
}
