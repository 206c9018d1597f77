import HTTPTypes
import Hummingbird
import Testing

@testable import ApusHTTP

@Suite("The document of the HTTP interface")
struct APIDocumentTests {
    /// A router that has what the document describes, and nothing else.
    private func router(without left: String? = nil) -> Router<APIContext> {
        let router = Router(context: APIContext.self)
        for operation in APIDocument.operations where operation.path != left {
            guard !HTTPConnectionHandler.hotRoutes.contains("\(operation.method) \(operation.path)") else { continue }
            router.on(RouterPath(operation.path), method: operation.method) { _, _ in Response(status: .ok) }
        }
        return router
    }

    @Test("a route that is not described is found, and so is a description of nothing")
    func gaps() {
        #expect(APIDocument.gaps(router()) == [])
        let more = router()
        more.put("/v1/novelties/:id") { _, _ in Response(status: .ok) }
        #expect(APIDocument.gaps(more) == ["PUT /v1/novelties/{id}"])
        #expect(APIDocument.gaps(router(without: "/v1/devices")) == ["GET /v1/devices"])
    }

    @Test("every reference leads somewhere, and every schema is used")
    func references() throws {
        var references: Set<String> = []
        func collect(_ json: JSONTree) {
            switch json {
            case .object(let members):
                if case .text(let reference)? = members["$ref"] { references.insert(reference) }
                members.values.forEach(collect)
            case .list(let elements): elements.forEach(collect)
            case .text, .number, .flag: break
            }
        }
        collect(APIDocument.json)
        var there: Set<String> = []
        for kind in ["schemas", "responses"] {
            guard case .object(let members)? = APIDocument.json["components"]?[kind] else { continue }
            there.formUnion(members.keys.map { "#/components/\(kind)/\($0)" })
        }
        #expect(references.subtracting(there) == [])
        #expect(there.subtracting(references) == [])
    }

    @Test("the methods of a path are those of its operations")
    func methods() {
        #expect(Set(APIDocument.methods(at: "/v1/messages/17")) == [.get, .delete])
        #expect(APIDocument.methods(at: "/v1/messages:batch") == [.post])
        #expect(APIDocument.methods(at: "/apps").contains(.post))
        #expect(APIDocument.methods(at: "/v1/messages/17/18/19").isEmpty)
        #expect(APIDocument.methods(at: "/").isEmpty)
    }

    @Test("a member whose name ends with a question mark may be missing, in a request also null")
    func members() {
        let schema = JSONSchema.object(["id": .string, "name?": .integer])
        #expect(schema.json["required"] == ["id"])
        #expect(schema.json["properties"]?["name"] == ["type": "integer"])
        let input = JSONSchema.input(["id": .string, "name?": .integer])
        #expect(input.json["properties"]?["name"] == ["anyOf": [["type": "integer"], ["type": "null"]]])
        #expect(input.json["properties"]?["id"] == ["type": "string"])
    }
}
