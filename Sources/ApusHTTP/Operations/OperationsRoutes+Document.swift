import HTTPTypes

extension OperationsRoutes {
    static let document = APIFeature(
        name: "Operations", text: "How the server is, and what it has.",
        operations: [
            APIOperation(.get, "/healthz", "Whether the process answers.", answers: [.json(.named("Health"))]),
            APIOperation(
                .get, "/readyz", "Whether it can do its work. Who has a token is told what was looked at.",
                answers: [
                    .json(.named("Readiness")),
                    .json(.either(.named("Readiness"), .named("Error")), "It cannot.", status: 503),
                ]),
            APIOperation(
                .get, "/metrics", "Numbers for Prometheus.",
                answers: [.text("text/plain", "The text format of Prometheus.")]),
            APIOperation(.get, "/openapi.json", "This document.", answers: [.json(.nothing)]),
            APIOperation(
                .get, "/apus.js", "The client for browsers.", answers: [.text("text/javascript", "A module.")]),
        ],
        schemas: [
            "Health": .object(["status": .string]),
            "Readiness": .object([
                "status": .string,
                "checks?": .list(of: .object(["name": .string, "state": .string, "detail": .string])),
            ]),
        ])
}
