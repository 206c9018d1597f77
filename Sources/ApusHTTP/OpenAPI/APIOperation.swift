import ApusCore
import HTTPTypes

/// A call that the server takes, as the document describes it.
struct APIOperation: Sendable {
    /// Who may call.
    enum Access: Sendable {
        case anyone
        /// With a token of this role, or of one that may do more.
        case token(Role)
        /// With such a token, or the app's key.
        case tokenOrKey(Role)
        /// As before; the key may also be the password of the user `appId`, or stand in the query.
        case tokenOrKeyAnywhere(Role)
        /// With the app's key.
        case key
        /// With an app's key, or a user's access token.
        case keyOrUser
    }

    /// A parameter in the query or in a header.
    struct Parameter: Sendable {
        let name: String
        let place: String
        let schema: JSONSchema
        var isRequired = false

        static func query(_ name: String, _ schema: JSONSchema, isRequired: Bool = false) -> Parameter {
            Parameter(name: name, place: "query", schema: schema, isRequired: isRequired)
        }

        static func header(_ name: String, _ schema: JSONSchema) -> Parameter {
            Parameter(name: name, place: "header", schema: schema)
        }

        static let limit = query("limit", .integer(1...1000).otherwise(100).described("How many entries at most."))
        static let after = query(
            "after", .string(matching: "^[0-9]{1,18}$").described("The `next` of the page before."))
        static let idempotencyKey = header(
            "Idempotency-Key",
            .string(matching: "^[!-~]{1,255}$").described("The same key within 24 hours is the same message."))
    }

    /// What is sent with the call.
    struct Body: Sendable {
        let types: [String]
        let schema: JSONSchema
        var isRequired = true

        static func json(_ schema: JSONSchema, isRequired: Bool = true) -> Body {
            Body(types: ["application/json"], schema: schema, isRequired: isRequired)
        }

        /// As programs of before JSON send it, or as JSON.
        static func form(_ schema: JSONSchema) -> Body {
            Body(types: ["application/json", "application/x-www-form-urlencoded"], schema: schema)
        }
    }

    struct Answer: Sendable {
        let status: Int
        let text: String
        var type = "application/json"
        var schema: JSONSchema?
        var headers: [String] = []

        static func json(_ schema: JSONSchema, _ text: String = "Done.", status: Int = 200) -> Answer {
            Answer(status: status, text: text, schema: schema)
        }

        static func empty(_ status: Int = 204, _ text: String = "Done.", headers: [String] = []) -> Answer {
            Answer(status: status, text: text, headers: headers)
        }

        static func text(_ type: String, _ text: String) -> Answer {
            Answer(status: 200, text: text, type: type, schema: .string)
        }

        /// Server-sent events, each with these fields.
        static func events(_ fields: JSONSchema, _ text: String) -> Answer {
            Answer(status: 200, text: text, type: "text/event-stream", schema: fields)
        }
    }

    let method: HTTPRequest.Method
    /// With the names of its variable segments in braces.
    let path: String
    let summary: String
    let access: Access
    let parameters: [Parameter]
    let body: Body?
    let answers: [Answer]
    /// The statuses of refusals.
    let refusals: Set<Int>

    /// - Parameter refusals: beside those that follow from the rest: 401, 403 and 429 where a right is needed, 404 where something is
    ///   named, 400 and 413 where something is sent, and 503.
    init(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, access: Access = .anyone,
        parameters: [Parameter] = [], body: Body? = nil, answers: [Answer], refusals: Set<Int> = []
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        self.access = access
        self.parameters = parameters
        self.body = body
        self.answers = answers
        var all = refusals.union([503])
        if case .anyone = access {} else { all.formUnion([401, 403, 429]) }
        if path.contains("{") { all.insert(404) }
        if !parameters.isEmpty || body != nil || path.contains("{") { all.insert(400) }
        if body != nil { all.insert(413) }
        self.refusals = all
    }
}

/// A part of the document: the calls of one subject, and the schemas that they name.
struct APIFeature: Sendable {
    let name: String
    let text: String
    let operations: [APIOperation]
    var schemas: [String: JSONSchema] = [:]
}
