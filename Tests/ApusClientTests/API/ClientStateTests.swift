import Testing

@testable import ApusClient

@Suite("The client's state")
struct ClientStateTests {
    @Test("delays grow up to the limit, differ, and start again after a reset")
    func retryDelay() {
        var delay = RetryDelay(.seconds(1) ... .seconds(60))
        var limit = Duration.seconds(1)
        for _ in 0..<10 {
            limit = min(limit * 2, .seconds(60))
            let next = delay.next()
            #expect(next >= .seconds(1) && next <= limit)
        }
        #expect(Set((0..<10).map { _ in delay.next() }).count > 1)
        delay.reset()
        #expect(delay.next() <= .seconds(2))
    }

    @Test("a full queue makes its producer wait, and ends after what is in it")
    func queue() async throws {
        let queue = BoundedQueue<Int>(capacity: 2)
        async let producer: Void = {
            for number in 1...5 { await queue.put(number) }
            queue.finish()
        }()
        var taken: [Int] = []
        while let number = try await queue.take() { taken.append(number) }
        await producer
        #expect(taken == [1, 2, 3, 4, 5])
    }

    @Test("JSON keeps whole numbers exactly and is written in one line")
    func json() throws {
        let value = try JSONValue(json: #"{"b":[1,2.5,null,true,"x"],"a":9007199254740993}"#)
        #expect(value.description == #"{"a":9007199254740993,"b":[1,2.5,null,true,"x"]}"#)
        #expect(throws: DecodingError.self) { try JSONValue(json: "{a:1}") }
    }

    @Test(
        "an address is host, port and path",
        arguments: [
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("https://push.example.org/apus", "https://push.example.org:443/apus"),
            ("http://[::1]:80", "http://[::1]:80"),
        ])
    func address(text: String, description: String) throws {
        #expect(try ServerAddress(text).description == description)
    }

    @Test("a call's path keeps its colon, and nothing else that has a meaning there")
    func target() throws {
        let target = try ServerAddress("http://a/apus").target(["v1", "a:b", "c/d e?"], query: [("x", "y&z")])
        #expect(target == "/apus/v1/a:b/c%2Fd%20e%3F?x=y%26z")
    }

    @Test("what is not an address is refused", arguments: ["", "localhost:8080", "ftp://a", "http://", "http://a?b=c"])
    func wrongAddress(text: String) {
        #expect(throws: AddressError.self) { try ServerAddress(text) }
    }

    @Test("a server that stops says when it wants the device back")
    func comeBack() {
        let told = ConnectionClosure(code: 1012, reason: "the server is stopping; connect again in 17 s")
        #expect(told.comeBackAfter == .seconds(17) && told.isServerStopping && told.finalError == nil)
        for (code, reason) in [(1012, "soon"), (1001, "in 17 s"), (1012, "in 99999999999999999999 s"), (1012, "")] {
            #expect(ConnectionClosure(code: code, reason: reason).comeBackAfter == nil)
        }
    }

    @Test("a file that holds no certificate is no authority")
    func authority() {
        let address = "https://push.example.org"
        #expect(throws: AddressError.self) { try ServerAddress(address, certificateAuthority: "/dev/null") }
        #expect(throws: AddressError.self) { try ServerAddress(address, certificateAuthority: "/nowhere/ca.pem") }
    }

    @Test("the name that a certificate must be for is the address's, unless that is a number")
    func serverName() throws {
        #expect(try ServerAddress("https://push.example.org").serverName == "push.example.org")
        #expect(try ServerAddress("https://127.0.0.1:8443").serverName == nil)
        #expect(try ServerAddress("https://[::1]").serverName == nil)
    }

    @Test("a refusal tells its code, its sentence and when to try again")
    func refusal() {
        let answer = APIAnswer(
            text: #"{"code":429,"message":"Too many.","error":"throttled","errors":[{"field":"a"}]}"#)
        let error = APIError(status: 429, retryAfter: "3", answer: answer)
        #expect(error.code == "throttled")
        #expect(error.message == "Too many.")
        #expect(error.errors == [["field": "a"]])
        #expect(error.retryAfter == 3)
        #expect(APIError(status: 429, retryAfter: nil, answer: APIAnswer(text: #"{"retryAfter":7}"#)).retryAfter == 7)
        #expect(APIError(status: 502, retryAfter: nil, answer: APIAnswer(text: "<html>")).code == "http_502")
    }

    @Test("a server that is not there is unreachable at once")
    func unreachable() async throws {
        // A port that nobody is given by chance.
        let client = APIClient(server: try ServerAddress("http://127.0.0.1:1"))
        await #expect(throws: UnreachableError.self) { try await client.get(["v1", "apps"]) }
    }
}
