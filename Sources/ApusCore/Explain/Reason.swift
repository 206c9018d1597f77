/// Why a message has not arrived at a device, or not yet: a stable code for programs and a sentence for people.
package struct Reason: Sendable, Equatable {
    /// What it means for the delivery.
    package enum Effect: String, Sendable, CaseIterable {
        /// There is no delivery, as the message is not for the device.
        case excluded
        /// It is still to be sent, or sent again.
        case waits
        /// It ended.
        case ended
        /// Nobody knows whether the device got it; it counts as sent.
        case unknown
    }

    /// What the code is. One that ends with `*` stands for all that begin so, with the vendor's own word there; one that
    /// begins with `*` for all vendors.
    package let code: String
    package let effect: Effect
    package let text: String

    init(_ code: String, _ effect: Effect, _ text: String) {
        self.code = code
        self.effect = effect
        self.text = text
    }

    /// The reason of a code as it stands in a step, a trail or a delivery; nil if it is no code of a reason.
    package init?(code: String) {
        let name = code.hasPrefix("failed.") ? String(code.dropFirst(7)) : code
        let found =
            Self.byCode[name] ?? Self.all.first { $0.code.hasPrefix("*") && name.hasSuffix($0.code.dropFirst()) }
            ?? Self.all.first { $0.code.hasSuffix("*") && name.hasPrefix($0.code.dropLast()) }
        guard let found else { return nil }
        self = found
    }

    private static let byCode = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })
}
