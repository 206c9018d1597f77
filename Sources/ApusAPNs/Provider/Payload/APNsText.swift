/// A text that is shown: as it stands, or looked up by the app in its own language.
package enum APNsText: Sendable, Equatable, ExpressibleByStringLiteral {
    case verbatim(String)
    /// - Parameters:
    ///   - key: in the app's `Localizable.strings`.
    ///   - arguments: for its `%@`.
    case localized(key: String, arguments: [String] = [])

    package init(stringLiteral text: String) {
        self = .verbatim(text)
    }
}
