package import Crypto

/// A developer team: who may sign provider tokens for which apps.
package struct APNsTeam: Sendable {
    /// Ten characters, the `iss` of its tokens.
    package let id: String
    package let keys: [APNsSigningKey]
    /// The bundle ids of its apps, without the suffixes of push types.
    package let bundleIDs: Set<String>

    package init(id: String, keys: [APNsSigningKey], bundleIDs: Set<String>) {
        self.id = id
        self.keys = keys
        self.bundleIDs = bundleIDs
    }
}

/// The public half of a key that signs provider tokens.
package struct APNsSigningKey: Sendable {
    /// Ten characters, the `kid` of its tokens.
    package let id: String
    package let publicKey: P256.Signing.PublicKey
    /// nil if it is good for both.
    package let environment: APNsServiceEnvironment?

    package init(id: String, publicKey: P256.Signing.PublicKey, environment: APNsServiceEnvironment? = nil) {
        self.id = id
        self.publicKey = publicKey
        self.environment = environment
    }

    /// - Parameter pem: a public key (SPKI), or a private one (PKCS #8, as Apple's `.p8` files), whose public half is
    ///   taken.
    /// - Throws: what CryptoKit throws if it is neither, or not of the curve P-256.
    package init(id: String, pem: String, environment: APNsServiceEnvironment? = nil) throws {
        let publicKey =
            if let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) {
                key.publicKey
            } else {
                try P256.Signing.PublicKey(pemRepresentation: pem)
            }
        self.init(id: id, publicKey: publicKey, environment: environment)
    }
}
