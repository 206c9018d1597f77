import ApusCore
import Hummingbird

/// `GET /v1/messages`: the latest. `GET /v1/messages/{id}`: where a message's deliveries stand.
/// `GET /v1/messages/{id}/explain?device=…`: why; without a device, what its escalation did. `DELETE /v1/messages/{id}`:
/// takes it back.
struct MessageRoutes: Sendable {
    let dispatcher: Dispatcher
    let endpoints: EndpointBook
    let access: Access
    /// For how many seconds a device that is away is to learn that a message was taken back.
    let recallSeconds: Int64

    func add(to router: Router<APIContext>) {
        router.get("/v1/messages") { request, context in try await list(request, context) }
        router.get("/v1/messages/:id") { request, context in
            try await show(request, context)
        }
        router.delete("/v1/messages/:id") { request, context in
            try await cancel(request, context)
        }
        router.get("/v1/messages/:id/explain") { request, context in
            try await explain(request, context)
        }
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = request.uri.queryParameters
        let appID = query["appId"].map(String.init)
        if let appID {
            try access.require(.viewer, request, context, orKeyOf: appID)
        } else {
            try access.require(.viewer, request, context)
        }
        let page = try Page(request)
        let filter = MessageFilter(appID: appID, state: try Self.state(query["state"].map(String.init), of: appID))
        let records = try await dispatcher.query {
            try $0.messages(filter, before: page.after.map { MessageID($0) }, limit: page.limit)
        }
        return Response.json { object in
            object.member("messages", objects: records) { record, object in
                Self.write(record, &object)
                object.member("title", string: record.message.content.title)
                object.member("alert", string: record.message.content.alert)
            }
            let next = records.count == page.limit ? records.last : nil
            object.member("next", string: next?.message.id.description)
        }
    }

    private static func state(_ name: String?, of appID: String?) throws(ApusError) -> MessageState? {
        guard let name else { return nil }
        var problems = FieldProblems()
        let state = MessageState(rawValue: name)
        if state == nil {
            problems.wrongValue("state", "must be accepted, scheduled or cancelled")
        } else if appID == nil {
            problems.wrongValue("state", "is for the messages of one app: give its appId too")
        }
        try problems.check()
        return state
    }

    private func cancel(_ request: Request, _ context: APIContext) async throws -> Response {
        let (record, caller) = try await message(request, context, .sender)
        let id = record.message.id
        let recall = try await dispatcher.recall(id, timeToLive: recallSeconds) { recall in
            caller.act("message.cancel", id.description) { object in
                object.member("cancelled", int: Int64(recall.cancelled))
                object.member("recalled", int: Int64(recall.recalled))
            }
        }
        return Response.json { object in
            object.member("cancelled", int: Int64(recall.cancelled))
            object.member("recalled", int: Int64(recall.recalled))
            object.member("recallId", string: recall.message?.description)
        }
    }

    /// The message that the path names.
    /// - Parameter role: what somebody without the app's key must be.
    private func message(_ request: Request, _ context: APIContext, _ role: Role) async throws -> (
        MessageRecord, Caller
    ) {
        let caller = try access.requireSomeone(role, request, context)
        let text = try context.parameters.require("id")
        // Who posted to an endpoint knows its message by a token.
        guard let id = MessageID(text) ?? endpoints.message(in: text.utf8),
            let record = try await dispatcher.query({ try $0.message(id) }),
            access.doorkeeper.admits(caller, to: record.message.appID)
        else {
            throw ApusError.unknownMessage
        }
        return (record, caller)
    }

    private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let (record, _) = try await message(request, context, .viewer)
        let page = try Page(request)
        let id = record.message.id
        let (counts, deliveries) = try await dispatcher.query { snapshot in
            (
                try snapshot.counts(of: id),
                try snapshot.deliveries(of: id, after: page.after.map { DeviceNumber($0) }, limit: page.limit)
            )
        }
        return Response.json { object in
            Self.write(record, &object)
            object.member("counts") { Self.write(counts, &$0) }
            object.member("deliveries", objects: deliveries) { Self.write($0, &$1) }
            let next = deliveries.count == page.limit ? deliveries.last : nil
            object.member("next", string: next.map { String($0.device.rawValue) })
        }
    }

    private static func write(_ record: MessageRecord, _ object: inout JSONObjectWriter) {
        let message = record.message
        object.member("id", string: message.id.description)
        object.member("appId", string: message.appID)
        object.member("state", string: record.state.rawValue)
        object.member("createdAt", time: message.acceptedAt)
        object.member("sendAt", time: message.sendAt)
        object.member("expiresAt", time: message.expiresAt)
        object.member("cancelledAt", time: record.cancelledAt)
        object.member("recall", string: message.content.recalls?.description)
    }

    private static func write(_ counts: DeliveryCounts, _ object: inout JSONObjectWriter) {
        object.member("unsent", int: Int64(counts.unsent))
        object.member("sent", int: Int64(counts.sent))
        object.member("received", int: Int64(counts.received))
        object.member("read", int: Int64(counts.read))
        object.member("expired", int: Int64(counts.expired))
        object.member("failed", int: Int64(counts.failed))
        object.member("cancelled", int: Int64(counts.cancelled))
    }

    private static func write(_ record: DeliveryRecord, _ object: inout JSONObjectWriter) {
        let delivery = record.delivery
        object.member("deviceId", string: record.deviceID)
        object.member("alias", string: record.alias)
        object.member("state", string: delivery.bucket)
        object.member("sentAt", time: delivery.sentAt)
        object.member("receivedAt", time: delivery.receivedAt)
        object.member("readAt", time: delivery.readAt)
        object.member("attempts", int: Int64(delivery.attempts))
        object.member("route", string: delivery.route?.rawValue)
        object.member("error", string: delivery.failure)
    }

    private func explain(_ request: Request, _ context: APIContext) async throws -> Response {
        let (record, caller) = try await message(request, context, .viewer)
        let id = record.message.id
        let history = try await dispatcher.query { try $0.escalationHistory(of: id) }
        guard let deviceID = request.uri.queryParameters["device"].map(String.init) else {
            guard let history else {
                throw ApusError(
                    .invalid, code: "invalid_request",
                    "device is missing: ask for …/explain?device=<device id> (apus message explain --device). Without it, "
                        + "escalations are explained, and the message has none.")
            }
            return Self.response(Explanation(record, history), id, device: nil)
        }
        let found = try await dispatcher.query { snapshot -> (Device, DeliveryRecord?, [TrailEntry])? in
            guard let device = try snapshot.device(id: deviceID) else { return nil }
            return (
                device, try snapshot.delivery(of: id, to: device.number), try snapshot.trail(of: id, to: device.number)
            )
        }
        // Of another app's device an app learns no more than of one that does not exist.
        guard let (device, delivery, trail) = found, device.app == record.message.app || caller.appID == nil else {
            throw ApusError.unknownDevice
        }
        let vendor = dispatcher.vendor(of: device)
        let explanation =
            delivery.map { delivery in
                Explanation(
                    record, delivery, trail: trail,
                    presence: Explanation.Presence(
                        isConnected: dispatcher.directory[device.number] != nil, vendor: vendor?.route,
                        vendorProblem: vendor?.problem),
                    now: dispatcher.clock.now
                ).adding(history)
            } ?? (record.state == .accepted ? Explanation(record, notFor: device) : Explanation(unsent: record))
        return Self.response(explanation, id, device: device.id)
    }

    private static func response(_ explanation: Explanation, _ id: MessageID, device: String?) -> Response {
        Response.json { object in
            object.member("messageId", string: id.description)
            object.member("deviceId", string: device)
            object.member("state", string: explanation.state)
            object.member("steps", objects: explanation.steps) { Self.write($0, &$1) }
            object.member("next") { Self.write(explanation.next, &$0) }
        }
    }

    private static func write(_ step: Explanation.Step, _ object: inout JSONObjectWriter) {
        object.member("at", time: step.at)
        object.member("code", string: step.code)
        object.member("text", string: step.text)
        object.member("route", string: step.route)
    }
}

extension Delivery {
    /// Why it ended without success; nil if it did not.
    fileprivate var failure: String? {
        switch end {
        case .failed(let reason): reason
        case .expired: "expired"
        case .cancelled: "cancelled"
        case nil: nil
        }
    }
}
