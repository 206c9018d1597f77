import ApusCore
import Hummingbird

/// Which part of a list is asked for: `?limit=` and `?after=`, the `next` of the page before.
struct Page {
    let limit: Int
    let after: Int64?

    private static let most = 1000

    /// How many entries are asked for.
    static func limit(_ request: Request) throws(ApusError) -> Int {
        var problems = FieldProblems()
        let limit = limit(request, &problems)
        try problems.check()
        return limit
    }

    private static func limit(_ request: Request, _ problems: inout FieldProblems) -> Int {
        guard let text = request.uri.queryParameters["limit"] else { return 100 }
        guard let limit = Int(text), (1...most).contains(limit) else {
            problems.wrongValue("limit", "must be 1 to \(most)")
            return 0
        }
        return limit
    }

    init(_ request: Request) throws(ApusError) {
        var problems = FieldProblems()
        limit = Self.limit(request, &problems)
        let after = request.uri.queryParameters["after"].map { Int64($0) }
        if let after, after == nil { problems.wrongValue("after", "must be the `next` of the page before") }
        try problems.check()
        self.after = after.flatMap { $0 }
    }
}
