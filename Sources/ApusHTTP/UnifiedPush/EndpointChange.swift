import ApusCore
import NIOCore

/// What a device on a WebSocket wants of its endpoints.
enum EndpointChange: Sendable {
    case register(String, key: String?)
    case unregister(String)

    /// Does it, and says what became of it: one JSON object.
    func answer(for device: DeviceNumber, in book: EndpointBook) async -> ByteBuffer {
        var answer = ByteBuffer()
        do {
            switch self {
            case .register(let name, let key):
                let registration = EndpointRegistration(
                    device: device, name: try Self.checked(name), senderKey: try key.map(VAPIDKey.point))
                let endpoint = try await book.register(registration, expires: false)
                answer.writeJSONObject { object in
                    object.member("endpoint", string: name)
                    object.member("url", string: book.url(of: endpoint))
                }
            case .unregister(let name):
                let existed = try await book.unregister(name, of: device)
                answer.writeJSONObject { object in
                    object.member("endpoint", string: name)
                    object.member("unregistered", bool: existed)
                }
            }
        } catch {
            return refusal(error as? ApusError ?? .storeUnavailable)
        }
        return answer
    }

    func refusal(_ error: ApusError) -> ByteBuffer {
        var answer = ByteBuffer()
        answer.writeJSONObject { object in
            object.member("endpoint", string: name)
            object.member("error", string: error.code)
            object.member("message", string: error.message)
        }
        return answer
    }

    private var name: String {
        switch self {
        case .register(let name, _), .unregister(let name): name
        }
    }

    private static func checked(_ name: String) throws(ApusError) -> String {
        guard (1...EndpointRegistration.longestName).contains(name.utf8.count) else {
            throw ApusError(
                .invalid, code: "invalid_name",
                "Say REG:<name>, with a name of 1 to \(EndpointRegistration.longestName) bytes and without spaces.")
        }
        return name
    }
}

extension ApusError {
    static let tooManyChanges = ApusError(
        .throttled(retryAfter: 1), code: "too_many_changes",
        "Too many endpoints are being registered and unregistered. Wait for answers.")
}
