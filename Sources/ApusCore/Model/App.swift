/// An application that sends messages to its devices.
package struct App: Sendable, Equatable {
    package let number: AppNumber
    /// The public id; 32 lowercase hex digits unless the app was moved here with an id of its own.
    package let id: String
    package let name: String
    package let createdAt: Timestamp
    /// SHA-256 of the app key. The key itself is shown once and never stored.
    package let keyHash: SecretHash

    package init(number: AppNumber, id: String, name: String, createdAt: Timestamp, keyHash: SecretHash) {
        self.number = number
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.keyHash = keyHash
    }
}
