import ApusCore
import HTTPTypes
import Hummingbird

/// What a listener wants of the journal.
struct EventQuery: Sendable {
    var filter = EventFilter()
    /// The event that the listener had last; nil for those that are written from now on.
    var after: EventID?
    /// Whether the answer goes on when all that there is has been given.
    var follows = true

    /// Reads what needs no look into the store: `message`, `state`, `after`, `follow` and the header Last-Event-ID.
    init(_ request: Request) throws(ApusError) {
        let query = request.uri.queryParameters
        var problems = FieldProblems()
        if let text = query["message"] {
            filter.message = MessageID(String(text))
            if filter.message == nil { problems.wrongValue("message", "must be the id of a message") }
        }
        // A listener that comes back says so by the header, and repeats the query that it began with.
        for (name, text) in [
            ("Last-Event-ID", request.headers[.lastEventID]), ("after", query["after"].map(String.init)),
        ] {
            guard let text, after == nil else { continue }
            after = EventID(text)
            if after == nil { problems.wrongValue(name, "must be the id of an event, or 0 for the oldest") }
        }
        if let text = query["follow"] {
            follows = text != "false"
            if text != "true", text != "false" { problems.wrongValue("follow", "must be true or false") }
        }
        try problems.check()
        if let names = query["state"] { filter.kinds = try EventKinds(names: names.split(separator: ",")) }
        if filter.kinds == EventKinds([]) { filter.kinds = .all }
    }
}

extension HTTPField.Name {
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
