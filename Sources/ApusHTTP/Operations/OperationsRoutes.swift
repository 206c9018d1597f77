import ApusCore
import HTTPTypes
import Hummingbird

/// `/healthz` (the process answers), `/readyz` (it can read its store and accepts messages) and `/metrics`.
struct OperationsRoutes: Sendable {
    let dispatcher: Dispatcher
    let metrics: PrometheusMetrics

    func add(to router: Router<APIContext>) {
        router.get("/healthz") { _, _ in Response.json { $0.member("status", string: "ok") } }
        router.get("/readyz") { _, _ -> Response in
            guard !dispatcher.stopping else { throw ApusError.stopping }
            guard !dispatcher.isStoreFailing else {
                throw ApusError(
                    .unavailable(retryAfter: 5), code: "store_unavailable",
                    "The store cannot be written. The log says why.")
            }
            _ = try await dispatcher.query { try $0.lastMessage() }
            return .json { $0.member("status", string: "ready") }
        }
        router.get("/metrics") { _, _ in
            Response.text(metrics.text, type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }
}
