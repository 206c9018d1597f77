import ApusCore
import NIOCore
import NIOHTTP1

/// The control interface, beside the vendor's own paths.
///
/// | request | does |
/// | --- | --- |
/// | `GET /control` | the behaviour |
/// | `PUT /control` | changes the members of the behaviour that the body names; answers with all of it |
/// | `GET /control/counts` | how often what happened |
/// | `GET /control/accepted` | the last requests that were accepted, one a line |
/// | `DELETE /control/accepted` | forgets counts and requests |
struct VendorControl: Sendable {
    static let bodyLimit = 64 * 1024

    private let context: VendorContext
    private let service: any VendorService

    init(_ context: VendorContext, _ service: any VendorService) {
        self.context = context
        self.service = service
    }

    /// - Returns: nil if it is a request to the vendor.
    func answer(_ request: VendorRequest) -> VendorAnswer? {
        guard request.segments.first == "control" else { return nil }
        var answer = VendorAnswer(status: 200, headers: ["content-type": "application/json"])
        switch (request.method, request.path) {
        case (.PUT, "/control"):
            do {
                try context.change { try VendorBehaviourJSON.apply(request.body, to: &$0, service) }
            } catch let error as VendorBehaviourJSON.Failure {
                return .json(400) { $0.member("error", string: error.message) }
            } catch {
                return .json(400) { $0.member("error", string: "The body must be a JSON object: \(error).") }
            }
            VendorBehaviourJSON.write(context.behaviour, into: &answer.body)
        case (.GET, "/control"): VendorBehaviourJSON.write(context.behaviour, into: &answer.body)
        case (.GET, "/control/counts"): context.journal.counts.write(into: &answer.body)
        case (.GET, "/control/accepted"):
            for accepted in context.journal.accepted { accepted.writeLine(into: &answer.body) }
        case (.DELETE, "/control/accepted"): context.journal.clear()
        default:
            return .json(404) {
                $0.member(
                    "error",
                    string: "There is GET and PUT /control, GET /control/counts, GET and DELETE /control/accepted.")
            }
        }
        return answer
    }
}
