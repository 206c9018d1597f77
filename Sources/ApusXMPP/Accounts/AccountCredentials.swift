import NIOCore

/// What is kept of an account's password: keys for both mechanisms of SCRAM and, for digests, the password itself,
/// encrypted with the server's key file.
struct AccountCredentials: Equatable, Sendable {
    var sha1: SCRAMCredentials
    var sha256: SCRAMCredentials
    var sealedPassword: [UInt8]?

    subscript(mechanism: SCRAMMechanism) -> SCRAMCredentials {
        switch mechanism {
        case .sha1: sha1
        case .sha256: sha256
        }
    }

    // MARK: The form in the store

    private static let version: UInt8 = 1
    private static let saltLength = SCRAMCredentials.defaultSaltLength

    var bytes: [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeInteger(Self.version)
        for keys in [sha1, sha256] {
            buffer.writeInteger(UInt32(keys.iterations))
            buffer.writeBytes(keys.salt + keys.storedKey + keys.serverKey)
        }
        if let sealedPassword { buffer.writeBytes(sealedPassword) }
        return Array(buffer.readableBytesView)
    }

    /// - Returns: nil if it is not what `bytes` makes.
    init?(bytes: [UInt8]) {
        var buffer = ByteBuffer(bytes: bytes)
        guard buffer.readInteger(as: UInt8.self) == Self.version,
            let sha1 = Self.readKeys(.sha1, &buffer), let sha256 = Self.readKeys(.sha256, &buffer)
        else { return nil }
        let rest = buffer.readBytes(length: buffer.readableBytes) ?? []
        self.init(sha1: sha1, sha256: sha256, sealedPassword: rest.isEmpty ? nil : rest)
    }

    init(sha1: SCRAMCredentials, sha256: SCRAMCredentials, sealedPassword: [UInt8]?) {
        self.sha1 = sha1
        self.sha256 = sha256
        self.sealedPassword = sealedPassword
    }

    private static func readKeys(_ mechanism: SCRAMMechanism, _ buffer: inout ByteBuffer) -> SCRAMCredentials? {
        guard let iterations = buffer.readInteger(as: UInt32.self),
            let salt = buffer.readBytes(length: saltLength),
            let storedKey = buffer.readBytes(length: mechanism.hashLength),
            let serverKey = buffer.readBytes(length: mechanism.hashLength)
        else { return nil }
        return SCRAMCredentials(salt: salt, iterations: Int(iterations), storedKey: storedKey, serverKey: serverKey)
    }
}
