import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// `/_matrix/push/v1/notify`: a Matrix home server's pushes, of which each device's key is an endpoint of ours. They
/// are posted here, without a request to ourselves.
struct MatrixGatewayRoutes: Sendable {
    let dispatcher: Dispatcher
    let endpoints: EndpointBook
    let limiter: EndpointLimiter
    let limits: Reloadable<HTTPServerContext.Limits>

    private static let mostDevices = 1000

    func add(to router: Router<APIContext>) {
        router.get("/_matrix/push/v1/notify") { _, _ in
            Response.text(#"{"unifiedpush":{"gateway":"matrix"},"gateway":"matrix"}"#, type: "application/json")
        }
        router.post("/_matrix/push/v1/notify") { request, _ in
            try await notify(try await request.body.collect(upTo: limits.body))
        }
        router.put("/_matrix/push/v1/notify") { _, _ in
            var answer = Self.unrecognized(.methodNotAllowed)
            answer.headers[.allow] = "GET, POST"
            return answer
        }
        router.get("/_matrix/**") { _, _ in Self.unrecognized(.notFound) }
        router.post("/_matrix/**") { _, _ in Self.unrecognized(.notFound) }
    }

    private static func unrecognized(_ status: HTTPResponse.Status) -> Response {
        Response.json(status: status) { $0.member("errcode", string: "M_UNRECOGNIZED") }
    }

    private func notify(_ body: ByteBuffer) async throws -> Response {
        let notification = try MatrixNotification(body)
        guard (1...Self.mostDevices).contains(notification.pushKeys.count) else {
            throw ApusError(
                .invalid, code: "wrong_devices", "notification.devices must name 1 to \(Self.mostDevices) devices.")
        }
        guard let data = notification.data(longest: limits.endpoints.largestBody) else {
            throw ApusError(
                .tooLarge, code: "notification_too_large", "The notification's ids and counts are too large.")
        }
        var accepted = 0
        var rejected: [String] = []
        var failure: ApusError?
        for key in notification.pushKeys {
            do {
                try await post(data, urgency: notification.urgency, to: key)
                accepted += 1
            } catch let error as ApusError {
                // The home server forgets what is rejected for ever: nothing that may work later is.
                if [.notFound, .gone, .unauthenticated, .forbidden].contains(error.kind) {
                    rejected.append(key)
                } else {
                    failure = error
                }
            }
        }
        // The home server tries again then, and nothing comes twice.
        if let failure, accepted == 0 { throw failure }
        return Response.json { $0.member("rejected", strings: rejected) }
    }

    private func post(_ data: [UInt8], urgency: Urgency, to key: String) async throws {
        guard let token = EndpointTarget.token(in: key, of: endpoints),
            let endpoint = endpoints.endpoint(in: token.utf8)
        else { throw ApusError.unknownEndpoint }
        try limiter.take(endpoint, now: .now())
        _ = try await dispatcher.post(
            EndpointPost(
                endpoint: endpoint, data: data, urgency: urgency, timeToLive: limits.endpoints.defaultTimeToLive))
    }
}

/// The body of a Matrix push (Push Gateway API): who gets it, and what they get.
struct MatrixNotification {
    private(set) var pushKeys: [String] = []
    private(set) var urgency = Urgency.high
    /// The members of the notification but for the devices, as they came.
    private var members: [(name: String, json: String)] = []

    /// What is left of a notification that is too large.
    private static let essential: Set<String> = ["event_id", "room_id", "counts", "prio"]

    init(_ body: ByteBuffer) throws(ApusError) {
        var keys: [String] = []
        var urgency = Urgency.high
        var members: [(name: String, json: String)] = []
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            guard key == "notification" else { return try scanner.skipValue() }
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                let name = key.string
                if name == "devices" {
                    keys = try Self.pushKeys(&scanner)
                } else {
                    let json = try scanner.rawValue()
                    if name == "prio", json == "\"low\"" { urgency = .low }
                    members.append((name, json))
                }
            }
        }
        pushKeys = keys
        self.urgency = urgency
        self.members = members
    }

    private static func pushKeys(_ scanner: inout JSONScanner) throws(JSONError) -> [String] {
        var keys: [String] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key == "pushkey" {
                    keys.append(try scanner.string())
                } else {
                    try scanner.skipValue()
                }
            }
        }
        return keys
    }

    /// What is posted: `{"notification":{…}}`, with less in it if it would have more than `longest` bytes.
    /// - Returns: nil if it has more all the same.
    func data(longest: Int) -> [UInt8]? {
        for members in [members, members.filter { Self.essential.contains($0.name) }] {
            let data = Self.data(members)
            if data.count <= longest { return data }
        }
        return nil
    }

    private static func data(_ members: [(name: String, json: String)]) -> [UInt8] {
        var buffer = ByteBuffer(string: "{\"notification\":{")
        for (index, member) in members.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            buffer.writeJSONString(member.name)
            buffer.writeStaticString(":")
            buffer.writeString(member.json)
        }
        buffer.writeStaticString("}}")
        return Array(buffer.readableBytesView)
    }
}
