import SwiftASN1

/// What of a certificate (RFC 5280 §4.1) matters to APNs and TLS does not tell.
struct CertificateFields {
    /// The attribute UID of the subject (RFC 4519 §2.39).
    let userID: String?
    /// The topics in Apple's extension 1.2.840.113635.100.6.3.6.
    let topics: [String]

    private static let userIDAttribute: ASN1ObjectIdentifier = [0, 9, 2342, 19_200_300, 100, 1, 1]
    private static let topicsExtension: ASN1ObjectIdentifier = [1, 2, 840, 113_635, 100, 6, 3, 6]

    init(der: [UInt8]) throws {
        let certificate = try Self.children(DER.parse(der))
        guard let body = certificate.first else { throw ASN1Error.invalidASN1Object(reason: "an empty certificate") }
        var fields = try Self.children(body)[...]
        let version = ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
        let extensions = ASN1Identifier(tagWithNumber: 3, tagClass: .contextSpecific)
        if fields.first?.identifier == version { fields = fields.dropFirst() }
        // Serial number, signature algorithm, issuer and validity come before the subject.
        guard let subject = fields.dropFirst(4).first else {
            throw ASN1Error.invalidASN1Object(reason: "a certificate without a subject")
        }
        userID = try Self.userID(inSubject: subject)
        // They are good to know, and nothing depends on them.
        topics = (try? fields.first { $0.identifier == extensions }.map(Self.topics(inExtensions:))) ?? []
    }

    private static func userID(inSubject subject: ASN1Node) throws -> String? {
        for set in try children(subject) {
            for attribute in try children(set) {
                let parts = try children(attribute)
                guard parts.count == 2, try ASN1ObjectIdentifier(derEncoded: parts[0]) == userIDAttribute else {
                    continue
                }
                return string(parts[1])
            }
        }
        return nil
    }

    private static func topics(inExtensions node: ASN1Node) throws -> [String] {
        guard let list = try children(node).first else { return [] }
        for field in try children(list) {
            let parts = try children(field)
            guard let name = parts.first, let value = parts.last,
                try ASN1ObjectIdentifier(derEncoded: name) == topicsExtension
            else { continue }
            return try topics(in: DER.parse(ASN1OctetString(derEncoded: value).bytes))
        }
        return []
    }

    /// A topic is a string. A sequence behind it says what kind of topic it is; any other sequence holds more topics.
    private static func topics(in node: ASN1Node) throws -> [String] {
        var topics: [String] = []
        var followsTopic = false
        for child in try children(node) {
            if let topic = string(child) {
                topics.append(topic)
                followsTopic = true
            } else {
                if !followsTopic { topics += try Self.topics(in: child) }
                followsTopic = false
            }
        }
        return topics
    }

    private static func children(_ node: ASN1Node) throws -> [ASN1Node] {
        guard case .constructed(let children) = node.content else {
            throw ASN1Error.unexpectedFieldType(node.identifier)
        }
        return Array(children)
    }

    private static func string(_ node: ASN1Node) -> String? {
        switch node.identifier {
        case .utf8String, .printableString, .ia5String: break
        default: return nil
        }
        guard case .primitive(let bytes) = node.content else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
