import ApusHTTP
import ApusTestKit
import NIOCore

extension SeededGenerator {
    mutating func mutated(_ input: [UInt8]) -> [UInt8] {
        var bytes = input
        for _ in 0..<Int.random(in: 1...3, using: &self) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<4, using: &self) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(bytes.randomElement(using: &self)!, at: index)
            default: bytes[index] = bytes.randomElement(using: &self)!
            }
        }
        return bytes
    }
}

/// Everything that a request decoder made of its input, in a form that compares.
struct HTTPOutcome: Equatable {
    var requests: [String] = []
    var continues = 0
    var error: HTTPWireError?
    var isIdle = false

    /// - Parameter pieces: what each read brings.
    static func decoding(_ pieces: [[UInt8]], limit: Int = 1000) -> HTTPOutcome {
        var decoder = HTTPRequestDecoder { _ in limit }
        var outcome = HTTPOutcome()
        for piece in pieces {
            var bytes = ByteBuffer(bytes: piece)
            decoder.append(&bytes)
            do throws(HTTPWireError) {
                while let event = try decoder.next() {
                    switch event {
                    case .request(let request): outcome.requests.append(describe(request))
                    case .expectContinue: outcome.continues += 1
                    }
                }
            } catch {
                outcome.error = error
            }
        }
        outcome.isIdle = decoder.isIdle
        return outcome
    }

    static func decoding(_ text: String, limit: Int = 1000) -> HTTPOutcome {
        decoding([Array(text.utf8)], limit: limit)
    }

    private static func describe(_ request: HTTPWireRequest) -> String {
        let fields = request.headers.fields.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
        return "\(request.method) \(request.target) \(request.path) \(request.query ?? "-") \(request.version)"
            + " \(request.keepAlive) [\(fields)] \(String(buffer: request.body))"
    }
}

/// Everything that a frame decoder made of its input.
struct WebSocketOutcome: Equatable {
    var events: [WebSocketEvent] = []
    var error: WebSocketError?
    var isIdle = false

    static func decoding(_ pieces: [[UInt8]], limit: Int = WebSocketFrameDecoder.usualLimit) -> WebSocketOutcome {
        var decoder = WebSocketFrameDecoder(limit: limit)
        var outcome = WebSocketOutcome()
        for piece in pieces {
            var bytes = ByteBuffer(bytes: piece)
            decoder.append(&bytes)
            do throws(WebSocketError) {
                while let event = try decoder.next() { outcome.events.append(event) }
            } catch {
                outcome.error = error
            }
        }
        outcome.isIdle = decoder.isIdle
        return outcome
    }
}

/// A client's frame.
/// - Parameter length: the code in the second byte, if it is to be another than the shortest.
func frame(
    _ opcode: UInt8, _ payload: [UInt8], final: Bool = true, mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D],
    reserved: UInt8 = 0, length: UInt8? = nil
) -> [UInt8] {
    var bytes = [(final ? 0x80 : 0) | reserved | opcode]
    let code = length ?? (payload.count < 126 ? UInt8(payload.count) : payload.count <= 0xFFFF ? 126 : 127)
    bytes.append((mask == nil ? 0 : 0x80) | code)
    let width = code == 126 ? 2 : code == 127 ? 8 : 0
    for place in stride(from: width - 1, through: 0, by: -1) {
        bytes.append(UInt8(truncatingIfNeeded: payload.count >> (8 * place)))
    }
    guard let mask else { return bytes + payload }
    return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
}

/// An input byte by byte, or in some hundred pieces if it is long.
func crumbs(_ bytes: [UInt8]) -> [[UInt8]] {
    let size = bytes.count > 1000 ? bytes.count / 300 : 1
    return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
}

/// Cuts of an input: byte by byte, and in two at every place.
func splits(_ bytes: [UInt8]) -> [[[UInt8]]] {
    [crumbs(bytes)] + (0...bytes.count).map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
}
