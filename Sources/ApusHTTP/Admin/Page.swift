import ApusCore
import Hummingbird

/// Which part of a list is asked for: `?limit=` and `?after=`, the `next` of the page before.
struct Page {
    let limit: Int
    let after: DeviceNumber?

    private static let most = 1000

    init(_ request: Request) throws(ApusError) {
        var problems = FieldProblems()
        let limit = request.uri.queryParameters["limit"].map { Int($0) }
        if let limit, limit == nil || !(1...Self.most).contains(limit!) {
            problems.wrongValue("limit", "must be 1 to \(Self.most)")
        }
        let after = request.uri.queryParameters["after"].map { Int64($0) }
        if let after, after == nil { problems.wrongValue("after", "must be the `next` of the page before") }
        try problems.check()
        self.limit = limit.flatMap { $0 } ?? 100
        self.after = after.flatMap { $0 }.map { DeviceNumber($0) }
    }
}
