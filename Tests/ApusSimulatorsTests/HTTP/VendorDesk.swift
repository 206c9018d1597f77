import ApusCore
import ApusTestKit
import NIOCore
import NIOHTTP1

@testable import ApusSimulators

/// A vendor without a network: requests go in, answers come out.
struct VendorDesk {
    let clock = ManualClock()
    let context: VendorContext

    init(_ service: any VendorService) {
        context = VendorContext(service, clock: clock, remembered: 10)
    }

    func send(
        _ method: HTTPMethod = .POST, _ uri: String, _ body: String = "", _ headers: HTTPHeaders = [:]
    ) -> VendorAnswer {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
        head.headers.replaceOrAdd(name: "host", value: "vendor.example")
        return context.answer(VendorRequest(head, body: ByteBuffer(string: body)))
    }

    func setRules(_ rules: [VendorRule]) {
        context.change { $0.rules = rules }
    }
}

extension VendorAnswer {
    var text: String { String(buffer: body) }
    var json: JSONValue? { try? JSONValue(body) }
}
