import ApusCore
import HTTPTypes
import Hummingbird

/// `GET /v1/events`: what happens to deliveries, as it happens.
struct EventRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: Access
    let listeners: EventListeners

    func add(to router: Router<APIContext>) {
        router.get("/v1/events") { request, context in try await follow(request, context) }
    }

    private func follow(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = request.uri.queryParameters
        let caller: Caller
        var app: App?
        if let id = parameters["app"].map(String.init) {
            caller = try access.require(.viewer, request, context, orKeyOf: id)
            guard let known = apps[id] else { throw ApusError.unknownApp }
            app = known
        } else if request.headers[.authorization] == nil, request.headers[.appKey] != nil {
            throw ApusError(
                .invalid, code: "invalid_request", "app is missing: name the app whose key this is, as in ?app=<id>.")
        } else {
            caller = try access.require(.viewer, request, context)
        }
        var query = try EventQuery(request)
        query.filter.app = app?.number
        if let id = parameters["device"].map(String.init) {
            let device = try await dispatcher.query { try $0.device(id: id) }
            // Of another app's device the caller learns no more than of one that does not exist.
            guard let device, app == nil || device.app == app?.number else { throw ApusError.unknownDevice }
            query.filter.device = device.number
        }
        return try response(query, to: caller)
    }

    private func response(_ query: EventQuery, to caller: Caller) throws(ApusError) -> Response {
        let place = try listeners.admit()
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"],
            body: ResponseBody { [query, doorkeeper = access.doorkeeper] writer in
                guard var connection = writer as? ChannelBodyWriter else { return }
                await connection.follow(query, from: place.hub) { doorkeeper.stillTrusts(caller) }
                try await connection.finish(nil)
            })
    }
}

extension ChannelBodyWriter {
    /// Lets an event stream write the body, and returns when it has ended.
    /// - Parameter isTrusted: whether the client still may listen.
    mutating func follow(
        _ query: EventQuery, from hub: EventHub, while isTrusted: @escaping @Sendable () -> Bool
    ) async {
        let head = takeHead()
        await withCheckedContinuation { continuation in
            channel.eventLoop.execute { [channel, handler, framing] in
                let stream = EventStream(
                    query, from: hub, to: channel, isChunked: framing == .chunked, isTrusted: isTrusted
                ) {
                    continuation.resume()
                }
                handler.follow(stream, head: head)
            }
        }
    }
}

extension HTTPField.Name {
    /// Tells nginx to pass on each event as it comes.
    fileprivate static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
