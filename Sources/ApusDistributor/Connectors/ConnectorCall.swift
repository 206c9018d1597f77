/// The calls of an application's connector, as its dialect writes them.
enum ConnectorCall {
    static func newEndpoint(_ endpoint: String, for registration: Registration) -> DBusMessage {
        switch registration.dialect {
        case .draft, .first:
            call(registration, "NewEndpoint", [.string(registration.appToken), .string(endpoint)])
        case .second:
            call(
                registration, "NewEndpoint",
                [.dictionary(["token": .string(registration.appToken), "endpoint": .string(endpoint)])])
        }
    }

    /// - Parameter confirms: whether the application asked for it. The first version then gets an empty token.
    static func unregistered(_ registration: Registration, confirms: Bool) -> DBusMessage {
        switch registration.dialect {
        case .draft: call(registration, "Unregistered", [.string(registration.appToken)])
        case .first: call(registration, "Unregistered", [.string(confirms ? "" : registration.appToken)])
        case .second: call(registration, "Unregistered", [.dictionary(["token": .string(registration.appToken)])])
        }
    }

    /// The draft has text for payload. What is not UTF-8 loses what cannot be text.
    static func message(_ push: StoredPush, for registration: Registration) -> DBusMessage {
        let id = String(push.id)
        switch registration.dialect {
        case .draft:
            let text = String(decoding: push.payload.filter { $0 != 0 }, as: UTF8.self)
            return call(registration, "Message", [.string(registration.appToken), .string(text), .string(id)])
        case .first:
            return call(registration, "Message", [.string(registration.appToken), .bytes(push.payload), .string(id)])
        case .second:
            return call(
                registration, "Message",
                [
                    .dictionary([
                        "token": .string(registration.appToken), "message": .bytes(push.payload), "id": .string(id),
                    ])
                ])
        }
    }

    /// The bus starts an application that does not run. Only the second version answers.
    private static func call(
        _ registration: Registration, _ member: String, _ arguments: [DBusValue]
    ) -> DBusMessage {
        var call = DBusMessage.call(
            registration.service, path: ConnectorDialect.path, interface: registration.dialect.connectorInterface,
            member, arguments)
        call.expectsReply = registration.dialect == .second
        return call
    }
}
