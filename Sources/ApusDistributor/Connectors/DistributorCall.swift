/// What an application, or `apus-distributor`, asks of the distributor.
enum DistributorCall: Equatable, Sendable {
    case register(RegistrationRequest)
    case unregister(token: String, ConnectorDialect)
    /// The user takes a registration back.
    case revoke(token: String)

    /// - Returns: nil if the message is none of these.
    init?(_ message: DBusMessage) {
        guard message.kind == .call, message.path == DistributorObject.path else { return nil }
        switch (message.interface, message.member, message.signature) {
        case ("org.unifiedpush.Distributor1", "Register", "ss"), ("org.unifiedpush.Distributor1", "Register", "sss"):
            let texts = message.arguments.map { $0.string ?? "" }
            self = .register(
                RegistrationRequest(
                    service: texts[0], token: texts[1], description: texts.count > 2 ? texts[2] : "",
                    dialect: texts.count > 2 ? .first : .draft))
        case ("org.unifiedpush.Distributor2", "Register", "a{sv}"):
            let members = message.arguments[0].dictionary ?? [:]
            self = .register(
                RegistrationRequest(
                    service: members["service"]?.string ?? "", token: members["token"]?.string ?? "",
                    description: members["description"]?.string ?? "", vapidKey: members["vapid"]?.string,
                    dialect: .second))
        case ("org.unifiedpush.Distributor1", "Unregister", "s"):
            self = .unregister(token: message.arguments[0].string ?? "", .first)
        case ("org.unifiedpush.Distributor2", "Unregister", "a{sv}"):
            let members = message.arguments[0].dictionary ?? [:]
            self = .unregister(token: members["token"]?.string ?? "", .second)
        case (DistributorStatus.interface, "Unregister", "s"):
            self = .revoke(token: message.arguments[0].string ?? "")
        default: return nil
        }
    }
}

/// What an application says of itself when it registers, put within the limits of UnifiedPush. What is optional and
/// beyond them is left out, as the specification asks.
struct RegistrationRequest: Equatable, Sendable {
    private static let longestToken = 100
    private static let longestDescription = 100

    /// nil if it is not a name that an application can have.
    let service: BusName?
    /// nil if it is empty or longer than 100 bytes.
    let token: String?
    let description: String
    /// The uncompressed P-256 point in base 64 for URLs (RFC 8292 §3.2); nil for any sender.
    let vapidKey: String?
    let dialect: ConnectorDialect

    init(
        service: String, token: String, description: String = "", vapidKey: String? = nil, dialect: ConnectorDialect
    ) {
        self.service = BusName(service).flatMap { $0 == .bus ? nil : $0 }
        self.token = 1...Self.longestToken ~= token.utf8.count ? token : nil
        self.description = description.utf8.count <= Self.longestDescription ? description : ""
        self.vapidKey = vapidKey.flatMap { Self.isPoint($0) ? $0 : nil }
        self.dialect = dialect
    }

    /// 87 letters are 65 bytes; the first byte of an uncompressed point is 4, which begins with B.
    private static func isPoint(_ text: String) -> Bool {
        text.utf8.count == 87 && text.utf8.first == UInt8(ascii: "B")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
