import NIOCore

/// The fields of a form: of its body (`application/x-www-form-urlencoded`) and, behind those, of the request's query.
struct FormFields {
    private let body: String
    private let query: String?

    init(body: ByteBuffer, query: String?) {
        self.body = String(buffer: body)
        self.query = query
    }

    subscript(name: String) -> String? {
        QueryString.value(name, in: body) ?? QueryString.value(name, in: query)
    }
}
