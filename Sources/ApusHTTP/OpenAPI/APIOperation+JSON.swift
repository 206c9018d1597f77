import ApusCore
import HTTPTypes

extension APIOperation {
    /// As an Operation Object (OpenAPI 3.1 §4.8.10).
    func json(tag: String) -> JSONTree {
        var operation: JSONTree = [
            "operationId": .text(identifier), "summary": .text(summary), "tags": [.text(tag)],
            "responses": .object(responses),
        ]
        let parameters = pathParameters + self.parameters.map(\.json)
        if !parameters.isEmpty { operation["parameters"] = .list(parameters) }
        if let body { operation["requestBody"] = body.json }
        if let security { operation["security"] = .list(security) }
        return operation
    }

    /// One of these is enough; the names are those of the document's security schemes.
    private var security: [JSONTree]? {
        switch access {
        case .anyone: nil
        case .token(let role): [Self.token(role)]
        case .tokenOrKey(let role): [Self.token(role), ["appKey": []]]
        case .tokenOrKeyAnywhere(let role):
            [Self.token(role), ["appKey": []], ["appPassword": []], ["appKeyInQuery": []]]
        case .key: [["appKey": []]]
        case .keyOrUser: [["appKey": []], ["userToken": []]]
        }
    }

    private static func token(_ role: Role) -> JSONTree { ["token": [.text(role.rawValue)]] }

    /// `get_v1_messages_id`
    private var identifier: String {
        let words = path.split { !$0.isLetter && !$0.isNumber }
        return ([method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private var pathParameters: [JSONTree] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { segment in
            [
                "name": .text(String(segment.dropFirst().dropLast())), "in": "path", "required": true,
                "schema": JSONSchema.string.json,
            ]
        }
    }

    private var responses: [String: JSONTree] {
        var responses: [String: JSONTree] = [:]
        for status in refusals { responses[String(status)] = ["$ref": .text("#/components/responses/\(status)")] }
        for answer in answers { responses[String(answer.status)] = answer.json }
        return responses
    }
}

extension APIOperation.Parameter {
    fileprivate var json: JSONTree {
        ["name": .text(name), "in": .text(place), "required": .flag(isRequired), "schema": schema.json]
    }
}

extension APIOperation.Body {
    fileprivate var json: JSONTree {
        let content = types.map { ($0, ["schema": schema.json] as JSONTree) }
        return ["required": .flag(isRequired), "content": .object(Dictionary(content) { first, _ in first })]
    }
}

extension APIOperation.Answer {
    fileprivate var json: JSONTree {
        var answer: JSONTree = ["description": .text(text)]
        if let schema { answer["content"] = .object([type: ["schema": schema.json]]) }
        if !headers.isEmpty {
            let headers = headers.map { ($0, ["required": true, "schema": JSONSchema.string.json] as JSONTree) }
            answer["headers"] = .object(Dictionary(headers) { first, _ in first })
        }
        return answer
    }
}
