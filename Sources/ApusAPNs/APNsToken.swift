import ApusCore

/// A device's native token as apps register it: APNs' hex digits, with `sandbox:` in front of those of Apple's sandbox.
struct APNsToken {
    private static let sandboxPrefix = "sandbox:"

    let hex: String
    let environment: APNsEnvironment

    /// Digits are put in lower case, as programs of the binary protocol have them. What is no token stays as it is.
    init(_ nativeToken: String) {
        let isSandbox = nativeToken.hasPrefix(Self.sandboxPrefix)
        let text = isSandbox ? String(nativeToken.dropFirst(Self.sandboxPrefix.count)) : nativeToken
        hex = Hex.decode(text) == nil ? text : text.lowercased()
        environment = isSandbox ? .sandbox : .production
    }

    var nativeToken: String { environment == .sandbox ? Self.sandboxPrefix + hex : hex }
}
