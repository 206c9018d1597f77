import ApusXMPP
import Foundation

/// The configuration: a JSON object in a file that only its owner may read, as it has the account's password.
package struct DistributorConfiguration: Equatable, Sendable, Codable {
    /// `name@domain`
    package var account: String
    package var password: String
    /// Where the server runs; the host of the account's domain if it is missing.
    package var host: String?
    /// 5222 if it is missing.
    package var port: Int?
    /// The gateway's address; one that the server offers if it is missing.
    package var gateway: String?
    /// What is behind `org.unifiedpush.Distributor.` in the name on the bus.
    package var name: String?
    /// A PEM file of the certificates that vouch for the server's; those of the system if it is missing.
    package var ca: String?

    package init(account: String, password: String) {
        self.account = account
        self.password = password
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case account, password, host, port, gateway, name, ca
    }

    package var busName: BusName { chosenBusName ?? .distributor }

    private var chosenBusName: BusName? { name.flatMap { BusName("org.unifiedpush.Distributor." + $0) } }

    var gatewayAddress: JID? { gateway.flatMap { try? JID($0) } }

    // MARK: The file

    /// - Throws: `DistributorConfigurationError`.
    package static func read(_ file: String) throws(DistributorConfigurationError) -> DistributorConfiguration {
        guard FileManager.default.fileExists(atPath: file) else { throw .missing(file) }
        let configuration: DistributorConfiguration
        do {
            let data = try Data(contentsOf: URL(filePath: file))
            let members = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
            let known = CodingKeys.allCases.map(\.rawValue)
            if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
                throw DistributorConfigurationError.unknown(unknown, known: known, file)
            }
            configuration = try JSONDecoder().decode(DistributorConfiguration.self, from: data)
        } catch let error as DistributorConfigurationError {
            throw error
        } catch {
            throw .unreadable(file, reason: "\(error)")
        }
        try configuration.check()
        return configuration
    }

    /// Writes the file so that nobody else can read it, not even for a moment.
    ///
    /// - Throws: `DistributorConfigurationError`.
    package func write(_ file: String) throws(DistributorConfigurationError) {
        do {
            let url = URL(filePath: file)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let content = try encoder.encode(self) + Data("\n".utf8)
            let draft = file + ".new"
            try? FileManager.default.removeItem(atPath: draft)
            guard
                FileManager.default.createFile(
                    atPath: draft, contents: content, attributes: [.posixPermissions: 0o600]),
                rename(draft, file) == 0
            else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw .unwritable(file, reason: "\(error)")
        }
    }

    /// Says what is wrong.
    ///
    /// - Throws: `DistributorConfigurationError`.
    package func check() throws(DistributorConfigurationError) {
        guard let account = try? JID(account), account.node != nil, account.isBare else {
            throw .wrong("account", account, "the address of an account, as in name@example.org")
        }
        guard !password.isEmpty else { throw .wrong("password", "", "the account's password") }
        if let gateway, gatewayAddress == nil { throw .wrong("gateway", gateway, "an address, as in up.example.org") }
        if let port, !(1...65535 ~= port) { throw .wrong("port", "\(port)", "a number from 1 to 65535") }
        if let name, chosenBusName == nil {
            throw .wrong("name", name, "letters, digits and _, not beginning with a digit")
        }
    }
}

/// What is wrong with the configuration, and how to set it right.
package struct DistributorConfigurationError: Error, Equatable, CustomStringConvertible {
    package let description: String

    static func missing(_ file: String) -> Self {
        .init(description: "There is no configuration \(file). Make it with `apus-distributor login name@example.org`.")
    }

    static func unknown(_ key: String, known: [String], _ file: String) -> Self {
        .init(description: "\(file): there is no \"\(key)\". There are \(known.joined(separator: ", ")).")
    }

    static func wrong(_ key: String, _ value: String, _ right: String) -> Self {
        .init(description: "\"\(key)\" is \"\(value)\" and must be \(right).")
    }

    static func unreadable(_ file: String, reason: String) -> Self {
        .init(description: "\(file) cannot be read: \(reason)")
    }

    static func unwritable(_ file: String, reason: String) -> Self {
        .init(description: "\(file) cannot be written: \(reason)")
    }
}
