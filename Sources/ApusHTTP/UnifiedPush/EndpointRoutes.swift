import ApusCore
import HTTPTypes
import Hummingbird

/// What can be done with endpoints and messages beside posting to one: find out what is there, take a message back, ask
/// whether it arrived.
struct EndpointRoutes: Sendable {
    let dispatcher: Dispatcher
    let endpoints: EndpointBook

    func add(to router: Router<APIContext>) {
        // Senders of before 2024 ask whether a URL takes pushes.
        for path in ["/push/:token", "/UP"] as [RouterPath] {
            router.get(path) { _, _ in Response.text(#"{"unifiedpush":{"version":1}}"#, type: "application/json") }
        }
        router.get("/aesgcm") { _, _ in
            Response.text(#"{"unifiedpush":{"gateway":"aesgcm"},"gateway":"aesgcm"}"#, type: "application/json")
        }
        router.delete("/message/:token") { _, context in
            try await cancel(try context.parameters.require("token"))
        }
        router.get("/receipt/:token") { _, context in
            try await receipt(try context.parameters.require("token"))
        }
    }

    /// Takes a message back that is not delivered yet (RFC 8030 §6.4 is its counterpart for devices).
    private func cancel(_ token: String) async throws -> Response {
        guard let message = endpoints.message(in: token.utf8) else { throw ApusError.unknownMessage }
        let now = dispatcher.clock.now
        let count = try await dispatcher.update { try $0.cancel(message, at: now) }
        guard count > 0 else {
            throw ApusError(
                .gone, code: "message_gone", "The message was delivered, expired or cancelled already.")
        }
        return Response(status: .noContent)
    }

    /// RFC 8030 §6.3 pushes receipts over HTTP/2; here the sender asks: 204 once the device has it (or was sent it, if its
    /// protocol confirms nothing), 410 if it never will, 202 for as long as neither is known.
    private func receipt(_ token: String) async throws -> Response {
        guard let message = endpoints.message(in: token.utf8),
            let delivery = try await dispatcher.query({ try $0.deliveries(of: message, after: nil, limit: 1) }).first
        else { throw ApusError.unknownMessage }
        let state = delivery.delivery
        guard state.end == nil else {
            throw ApusError(.gone, code: "message_\(state.bucket)", "The message was not delivered: \(state.bucket).")
        }
        if !state.isOpen { return Response(status: .noContent) }
        return Response.json(status: .accepted) { $0.member("state", string: state.bucket) }
    }
}
