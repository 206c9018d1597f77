import ApusCore
import HTTPTypes
import Hummingbird

/// `/healthz` (the process answers), `/readyz` (it can do its work; who has a token is told what was looked at) and
/// `/metrics`.
struct OperationsRoutes: Sendable {
    let dispatcher: Dispatcher
    let access: Access
    let readiness: Readiness
    let metrics: PrometheusMetrics

    func add(to router: Router<APIContext>) {
        router.get("/healthz") { _, _ in Response.json { $0.member("status", string: "ok") } }
        router.get("/readyz") { request, context -> Response in
            guard !dispatcher.stopping else { throw ApusError.stopping }
            guard !dispatcher.isStoreFailing else {
                throw ApusError(
                    .unavailable(retryAfter: 5), code: "store_unavailable",
                    "The store cannot be written. The log says why.")
            }
            let report = await readiness.report()
            let isKnown = (try? access.require(.viewer, request, context)) != nil
            if let failure = report.failure, !isKnown { throw failure }
            return .json(status: report.failure == nil ? .ok : .serviceUnavailable) { answer in
                // Whoever knows only the form of errors reads there why.
                if let failure = report.failure { failure.write(to: &answer, status: failure.status) }
                answer.member("status", string: report.failure == nil ? "ready" : "unready")
                guard isKnown else { return }
                answer.member("checks", objects: report.findings) { entry, object in
                    object.member("name", string: entry.name)
                    object.member("state", string: entry.finding.state)
                    object.member("detail", string: entry.finding.detail)
                }
            }
        }
        router.get("/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: APIDocument.body))
        }
        router.get("/metrics") { _, _ in
            Response.text(metrics.text, type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }
}
