/// A device's native token as apps register it: APNs' hex digits, with `sandbox:` in front of those of Apple's sandbox.
struct APNsToken {
    private static let sandboxPrefix = "sandbox:"

    let hex: String
    let environment: APNsEnvironment

    init(_ nativeToken: String) {
        let isSandbox = nativeToken.hasPrefix(Self.sandboxPrefix)
        hex = isSandbox ? String(nativeToken.dropFirst(Self.sandboxPrefix.count)) : nativeToken
        environment = isSandbox ? .sandbox : .production
    }
}
