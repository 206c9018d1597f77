import Hummingbird
import NIOCore

/// `/apus.js`: the client for browsers, as old as the server that it talks to.
struct BrowserClientRoutes: Sendable {
    private static let script = ByteBuffer(bytes: PackageResources.apus_js)

    func add(to router: Router<APIContext>) {
        router.get("/apus.js") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/javascript; charset=utf-8", .cacheControl: "public, max-age=600"],
                body: ResponseBody(byteBuffer: Self.script))
        }
    }
}
