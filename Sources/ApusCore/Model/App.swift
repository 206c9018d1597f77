/// An application that sends messages to its devices.
package struct App: Sendable, Equatable {
    package let number: AppNumber
    /// The public id; 32 lowercase hex digits unless the app was moved here with an id of its own.
    package let id: String
    package let name: String
    package let createdAt: Timestamp
    /// SHA-256 of the app key. The key itself is shown once and never stored.
    package let keyHash: SecretHash
    /// The key before that, for as long as it is still taken.
    package let oldKey: OldKey?

    package struct OldKey: Sendable, Equatable {
        package let hash: SecretHash
        package let until: Timestamp

        package init(hash: SecretHash, until: Timestamp) {
            self.hash = hash
            self.until = until
        }
    }

    package init(
        number: AppNumber, id: String, name: String, createdAt: Timestamp, keyHash: SecretHash, oldKey: OldKey? = nil
    ) {
        self.number = number
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.keyHash = keyHash
        self.oldKey = oldKey
    }
}
