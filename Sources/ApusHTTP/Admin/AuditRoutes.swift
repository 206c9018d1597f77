import ApusCore
import Hummingbird

/// What was done with the server, under `/v1/audit`.
struct AuditRoutes: Sendable {
    let dispatcher: Dispatcher
    let audit: AuditBook
    let access: Access

    func add(to router: Router<APIContext>) {
        router.get("/v1/audit") { request, context in try await list(request, context) }
        router.get("/v1/audit/verify") { request, context in try await verify(request, context) }
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        try access.require(.admin, request, context)
        let page = try BusinessPage(request)
        let query = request.uri.queryParameters
        let filter = AuditFilter(
            since: try query["since"].map { try ChosenTime.parse(String($0), zone: "UTC") },
            act: query["act"].map(String.init), actor: query["actor"].map(String.init))
        let found = try await dispatcher.query {
            try $0.auditEntries(filter, before: page.before, limit: page.limit)
        }
        return Response.json { object in
            object.member("entries", objects: found) { Self.write($0, &$1) }
            object.member("next", int: found.count == page.limit ? found.last?.sequence : nil)
        }
    }

    private static func write(_ entry: AuditEntry, _ object: inout JSONObjectWriter) {
        object.member("sequence", int: entry.sequence)
        object.member("at", time: entry.at)
        object.member("actor", string: entry.act.actor)
        object.member("address", string: entry.act.address.isEmpty ? nil : entry.act.address)
        object.member("act", string: entry.act.name)
        object.member("object", string: entry.act.object)
        object.member("details", raw: entry.act.details)
        object.member("seal", string: Hex.encode(entry.seal))
    }

    private func verify(_ request: Request, _ context: APIContext) async throws -> Response {
        try access.require(.admin, request, context)
        let kept = request.uri.queryParameters["head"]
        let expected = kept.flatMap { AuditPosition($0) }
        guard kept == nil || expected != nil else {
            throw ApusError(
                .invalid, code: "invalid_request", "head must be what an earlier verification printed: NUMBER:SEAL.")
        }
        let outcome: Result<AuditVerifier, AuditVerifier.Fault>
        do {
            outcome = .success(try await audit.verify(dispatcher, expecting: expected))
        } catch let fault as AuditVerifier.Fault {
            outcome = .failure(fault)
        }
        return Response.json { object in
            switch outcome {
            case .success(let verifier):
                let last = verifier.last
                object.member("intact", bool: true)
                object.member("entries", int: last.sequence)
                object.member("since", int: verifier.since)
                object.member("head", string: last.sequence > 0 ? last.description : nil)
            case .failure(let fault):
                object.member("intact", bool: false)
                object.member("entry", int: fault.sequence)
                object.member("reason", string: fault.description)
            }
        }
    }
}
