import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority that is made for one simulator: it issues the server's certificate, and client certificates
/// with the extensions of Apple's.
package struct SimulatorAuthority: Sendable {
    /// A certificate and its key, both PEM.
    package struct Identity: Sendable {
        package let certificate: String
        package let privateKey: String

        package init(certificate: String, privateKey: String) {
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    private static let lifetime: TimeInterval = 365 * 24 * 60 * 60

    /// The authority's certificate as PEM, for clients to trust.
    package let certificate: String
    private let key: Certificate.PrivateKey
    private let name: DistinguishedName

    package init() throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        name = try DistinguishedName { CommonName("Apus simulator authority") }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            Critical(KeyUsage(keyCertSign: true))
        }
        certificate = try Self.issue(to: name, key: key.publicKey, extensions, by: name, key)
    }

    /// - Parameter hosts: the names and addresses that clients connect to.
    package func issueServerIdentity(hosts: [String]) throws -> Identity {
        let names = hosts.map { host in
            Self.addressBytes(host).map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
                ?? .dnsName(host)
        }
        let subject = try DistinguishedName { CommonName(hosts.first ?? "localhost") }
        return try issue(to: subject) {
            SubjectAlternativeNames(names)
            try ExtendedKeyUsage([.serverAuth])
        }
    }

    /// - Parameters:
    ///   - bundleID: the subject's user id.
    ///   - topics: the list of topics; without one, the bundle id is the only topic.
    package func issueClientIdentity(
        bundleID: String, topics: [String] = [], environments: Set<APNsServiceEnvironment> = []
    ) throws -> Identity {
        var extensions: [Certificate.Extension] = []
        func add(_ oid: ASN1ObjectIdentifier, _ write: (inout DER.Serializer) throws -> Void) rethrows {
            var value = DER.Serializer()
            try write(&value)
            extensions.append(.init(oid: oid, critical: false, value: value.serializedBytes[...]))
        }
        if environments.contains(.sandbox) {
            try add(APNsClientCertificate.development) { try $0.serialize(ASN1Null()) }
        }
        if environments.contains(.production) {
            try add(APNsClientCertificate.production) { try $0.serialize(ASN1Null()) }
        }
        if !topics.isEmpty {
            try add(APNsClientCertificate.topics) { value in
                try value.appendConstructedNode(identifier: .sequence) { list in
                    for topic in topics {
                        try list.serialize(ASN1UTF8String(topic))
                        let kind = topic == bundleID ? "app" : String(topic.dropFirst(bundleID.count + 1))
                        try list.serializeSequenceOf([ASN1UTF8String(kind)])
                    }
                }
            }
        }
        let subject = DistinguishedName([
            RelativeDistinguishedName(.init(type: APNsClientCertificate.userID, utf8String: bundleID)),
            RelativeDistinguishedName(
                .init(type: .RDNAttributeType.commonName, utf8String: "Apple Push Services: \(bundleID)")),
        ])
        return try issue(to: subject) {
            try ExtendedKeyUsage([.clientAuth])
            for item in extensions { item }
        }
    }

    private func issue(
        to subject: DistinguishedName,
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> Identity {
        let own = P256.Signing.PrivateKey()
        return Identity(
            certificate: try Self.issue(
                to: subject, key: Certificate.PublicKey(own.publicKey), Certificate.Extensions(builder: extensions),
                by: name, key),
            privateKey: own.pemRepresentation)
    }

    private static func issue(
        to subject: DistinguishedName, key: Certificate.PublicKey, _ extensions: Certificate.Extensions,
        by issuer: DistinguishedName, _ issuerKey: Certificate.PrivateKey
    ) throws -> String {
        let now = Date()
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key,
            // Clients' clocks may be somewhat behind.
            notValidBefore: now - 60 * 60, notValidAfter: now + lifetime, issuer: issuer, subject: subject,
            extensions: extensions, issuerPrivateKey: issuerKey
        ).serializeAsPEM().pemString
    }

    private static func addressBytes(_ host: String) -> [UInt8]? {
        var v4 = in_addr()
        if inet_pton(AF_INET, host, &v4) == 1 { return withUnsafeBytes(of: v4) { Array($0) } }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, host, &v6) == 1 { return withUnsafeBytes(of: v6) { Array($0) } }
        return nil
    }
}
