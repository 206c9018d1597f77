import ApusCore
import ApusTestKit
import CoreMetrics
import Foundation
import NIOCore
import Synchronization
import Testing

@Suite("The signature of a post")
struct WebhookSignatureTests {
    @Test("is the one of the example in the specification of Standard Webhooks")
    func example() throws {
        let secret = try #require(Base64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = WebhookSignature.sign(
            ByteBuffer(string: #"{"test": 2432232314}"#), id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: Timestamp(milliseconds: 1_614_265_330_999), with: secret)
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("is checked by the example of the guide")
    func guide() {
        let secret: [UInt8] = Array(0..<32)
        let body = ByteBuffer(string: #"{"type":"test"}"#)
        let post = WebhookPost(
            url: "https://example.org", id: "a", body: body, secrets: [[1], secret], attempts: 0,
            at: Timestamp(milliseconds: 1_614_265_330_000))
        let check = { (text: String) in
            isGenuine(
                post.signature, id: post.id, timestamp: "1614265330", body: Data(text.utf8),
                secret: WebhookSignature.text(of: secret))
        }
        #expect(check(#"{"type":"test"}"#))
        #expect(!check(#"{"type":"events"}"#))
    }

    @Test("is made with each secret that holds, the newest first")
    func secrets() {
        let body = ByteBuffer(string: "{}")
        let now = Timestamp(milliseconds: 5000)
        let post = WebhookPost(
            url: "https://example.org", id: "a", body: body, secrets: [[1], [2]], attempts: 0, at: now)
        let each = [[1], [2]].map { WebhookSignature.sign(body, id: "a", at: now, with: $0) }
        #expect(post.signature == each.joined(separator: " "))
    }
}

@Suite("How far a webhook has come")
struct WebhookProgressTests {
    private let now = Timestamp(milliseconds: 1_000_000)
    private let failure = WebhookAnswer.failed(reason: "it answered 500", afterSeconds: 5)

    @Test("is behind what was taken")
    func taken() {
        var progress = WebhookProgress(after: EventID(3), attempts: 2, problem: "x")
        #expect(progress.posted(.taken, upTo: EventID(9), mostAttempts: 3, at: now) == .goOn)
        #expect(progress == WebhookProgress(after: EventID(9)))
    }

    @Test("stays where it is while a post fails, until there were enough attempts")
    func failed() {
        var progress = WebhookProgress(after: EventID(3))
        for attempt in 1...2 {
            #expect(progress.posted(failure, upTo: EventID(9), mostAttempts: 3, at: now) == .tryAgain)
            #expect(progress.after == EventID(3) && progress.attempts == attempt)
            #expect(progress.notBefore == now.adding(seconds: 5) && progress.problem == "it answered 500")
        }
        let step = progress.posted(failure, upTo: EventID(9), mostAttempts: 3, at: now)
        #expect(step == .giveUp(attempts: 3, reason: "it answered 500"))
        #expect(progress == WebhookProgress(after: EventID(9), problem: "it answered 500"))
    }

    @Test("lets the next post wait as long as was said, but never longer than a day when the clock is set back")
    func waiting() {
        var progress = WebhookProgress(after: EventID(3))
        #expect(progress.wait(at: now) == .zero)
        _ = progress.posted(failure, upTo: EventID(9), mostAttempts: 3, at: now)
        #expect(progress.wait(at: now) == .seconds(5) && progress.wait(at: now.adding(seconds: 9)) == .zero)
        #expect(progress.wait(at: now.adding(seconds: -365 * 86_400)) == .seconds(86_400))
    }
}

@Suite("Webhooks")
struct WebhookBookTests {
    private func with(
        _ settings: WebhookSettings = WebhookSettings(),
        _ body: (DispatcherFixture, WebhookBook, ScriptedReceiver) async throws -> Void
    ) async throws {
        try await DispatcherFixture.with { fixture in
            let receiver = ScriptedReceiver()
            let book = try Self.book(fixture, receiver, settings)
            do {
                try await body(fixture, book, receiver)
            } catch {
                await book.stop()
                throw error
            }
            await book.stop()
        }
    }

    private static let box = SecretBox(key: SecretBox.randomKey())

    private static func book(
        _ fixture: DispatcherFixture, _ receiver: ScriptedReceiver, _ settings: WebhookSettings = WebhookSettings(),
        box: SecretBox? = box
    ) throws -> WebhookBook {
        WebhookBook(
            dispatcher: fixture.dispatcher, hub: fixture.hub, box: try #require(box), sender: receiver,
            settings: settings, metrics: WebhookMetrics(factory: NOOPMetricsHandler.instance))
    }

    @Test("are posted what happens from now on, in order and signed")
    func posts() async throws {
        try await with { fixture, book, receiver in
            _ = try fixture.device("ann")
            _ = try await fixture.send("ann")
            let (webhook, secret) = try await book.add(to: fixture.app, url: "https://example.org/hook", kinds: .all)
            for _ in 0..<5 { _ = try await fixture.send("ann") }
            try await eventually { receiver.ids.count == 10 }
            #expect(receiver.ids == (3...12).map(String.init))
            let bytes = try #require(Base64.decode(String(secret.dropFirst("whsec_".count))))
            for post in receiver.posts {
                #expect(
                    post.signature == WebhookSignature.sign(post.body, id: post.id, at: post.timestamp, with: bytes))
                #expect(post.url == webhook.url && post.id.hasPrefix(webhook.id))
            }
            #expect(Set(receiver.posts.map(\.id)).count == receiver.posts.count)
            try await eventually { book.lagSeconds == 0 }
        }
    }

    @Test("get only the states they are for, of their own app")
    func filter() async throws {
        try await with { fixture, book, receiver in
            _ = try fixture.device("ann")
            _ = try await book.add(to: fixture.app, url: "https://a.example", kinds: EventKinds([.cancelled]))
            let message = try await fixture.send("ann").message
            _ = try await fixture.dispatcher.update { try $0.cancel(message, at: fixture.clock.now) }
            try await eventually { receiver.posts.count == 1 }
            #expect(receiver.ids == ["3"])
        }
    }

    @Test("are posted the same again while it fails, and go on behind a dead letter after that")
    func retries() async throws {
        var settings = WebhookSettings()
        settings.attempts = 3
        try await with(settings) { fixture, book, receiver in
            receiver.answer(contentsOf: Array(repeating: .failed(reason: "it answered 500", afterSeconds: 0), count: 3))
            _ = try fixture.device("ann")
            let (webhook, _) = try await book.add(
                to: fixture.app, url: "https://a.example", kinds: EventKinds([.unsent]))
            _ = try await fixture.send("ann")
            try await eventually { receiver.posts.count == 3 }
            #expect(Set(receiver.posts.map(\.id)).count == 1 && receiver.posts.map(\.attempts) == [0, 1, 2])
            let letters = { try fixture.store.read { try $0.deadLetters(before: nil, limit: 10) } }
            try await eventually { try letters().count == 1 }
            let letter = try letters()[0]
            #expect(letter.reason == "it answered 500" && letter.attempts == 3 && letter.post?.webhook == webhook.id)
            _ = try await fixture.send("ann")
            try await eventually { receiver.ids == ["2", "2", "2", "4"] }

            receiver.answer(contentsOf: [.failed(reason: "no", afterSeconds: 0)])
            await #expect(throws: ApusError.self) { try await book.replay(letter) }
            #expect(try letters().count == 1)
            try await book.replay(letter)
            #expect(try letters().isEmpty)
            #expect(receiver.posts.last?.id == receiver.posts.first?.id)
            #expect(receiver.posts.last?.body == receiver.posts.first?.body)
        }
    }

    @Test("do not wait for one another")
    func independence() async throws {
        try await with { fixture, book, receiver in
            receiver.hang("https://stuck.example")
            _ = try fixture.device("ann")
            _ = try await book.add(to: fixture.app, url: "https://stuck.example", kinds: .all)
            _ = try await book.add(to: fixture.app, url: "https://b.example", kinds: .all)
            for _ in 0..<3 { _ = try await fixture.send("ann") }
            try await eventually { receiver.ids(at: "https://b.example").count == 6 }
            fixture.clock.advance(by: .seconds(30))
            try await eventually { book.lagSeconds == 30 }
        }
    }

    @Test("go on where they were after a restart, and post again what nobody answered")
    func restart() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            let first = ScriptedReceiver()
            let book = try Self.book(fixture, first)
            _ = try await book.add(to: fixture.app, url: "https://a.example", kinds: .all)
            _ = try await fixture.send("ann")
            try await eventually { first.ids == ["1", "2"] }
            try await fixture.settle()
            first.hang("https://a.example")
            _ = try await fixture.send("ann")
            try await eventually { first.ids == ["1", "2", "3", "4"] }
            await book.stop()

            let second = ScriptedReceiver()
            let again = try Self.book(fixture, second)
            try await again.load()
            try await eventually { second.ids == ["3", "4"] }
            await again.stop()
        }
    }

    @Test("are posted nothing that is not signed: with another key file they wait for a new secret")
    func replacedKey() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            let first = try Self.book(fixture, ScriptedReceiver())
            let (webhook, _) = try await first.add(to: fixture.app, url: "https://a.example", kinds: .all)
            await first.stop()

            let receiver = ScriptedReceiver()
            let second = try Self.book(fixture, receiver, box: SecretBox(key: SecretBox.randomKey()))
            try await second.load()
            _ = try await fixture.send("ann")
            let problem = { try fixture.store.read { try $0.webhooks() }.first?.progress.problem }
            try await eventually { try problem()?.contains("rotate") == true }
            #expect(receiver.posts.isEmpty)
            _ = try await second.rotateSecret(webhook.id)
            let answer = try await second.test(webhook.id)
            await second.stop()
            #expect(answer == .taken)
        }
    }

    @Test("are signed with both secrets after a rotation, for a while")
    func rotation() async throws {
        try await with { fixture, book, receiver in
            _ = try fixture.device("ann")
            let (webhook, old) = try await book.add(to: fixture.app, url: "https://a.example", kinds: .all)
            let new = try await book.rotateSecret(webhook.id)
            #expect(old != new)
            _ = try await book.test(webhook.id)
            #expect(receiver.posts.last?.signature.split(separator: " ").count == 2)
            fixture.clock.advance(by: .hours(25))
            _ = try await book.test(webhook.id)
            let last = try #require(receiver.posts.last)
            let bytes = try #require(Base64.decode(String(new.dropFirst("whsec_".count))))
            #expect(last.signature == WebhookSignature.sign(last.body, id: last.id, at: last.timestamp, with: bytes))
        }
    }

    @Test("end when they are removed, with their dead letters; an app may have only so many")
    func removal() async throws {
        var settings = WebhookSettings()
        settings.attempts = 1
        settings.most = 1
        try await with(settings) { fixture, book, receiver in
            receiver.answer(contentsOf: [.failed(reason: "no", afterSeconds: 0)])
            _ = try fixture.device("ann")
            let (webhook, _) = try await book.add(to: fixture.app, url: "https://a.example", kinds: .all)
            await #expect(throws: ApusError.self) {
                try await book.add(to: fixture.app, url: "https://b.example", kinds: .all)
            }
            _ = try await fixture.send("ann")
            try await eventually { try fixture.store.read { try $0.deadLetters(before: nil, limit: 1) }.count == 1 }
            try await book.remove(webhook.id)
            #expect(try fixture.store.read { try $0.deadLetters(before: nil, limit: 1) }.isEmpty)
            _ = try await fixture.send("ann")
            try await fixture.settle()
            #expect(receiver.posts.count == 1)
            await #expect(throws: ApusError.unknownWebhook) { try await book.remove(webhook.id) }
        }
    }
}

/// Receivers that answer what they are told to, and that they have it otherwise.
final class ScriptedReceiver: WebhookSender {
    private struct Body: Decodable {
        struct Event: Decodable {
            let id: String
        }

        let events: [Event]?
    }

    private struct State {
        var posts: [WebhookPost] = []
        var events: [(url: String, id: String)] = []
        var answers: [WebhookAnswer] = []
        var stuck: Set<String> = []
        var open: [@Sendable (WebhookAnswer) -> Void] = []
    }

    private let state = Mutex(State())

    var posts: [WebhookPost] { state.withLock { $0.posts } }
    /// Those of the events that were posted, in that order.
    var ids: [String] { state.withLock { $0.events.map(\.id) } }

    func ids(at url: String) -> [String] { state.withLock { $0.events.filter { $0.url == url }.map(\.id) } }

    func answer(contentsOf answers: [WebhookAnswer]) { state.withLock { $0.answers += answers } }

    /// This one takes posts and says nothing.
    func hang(_ url: String) { state.withLock { _ = $0.stuck.insert(url) } }

    func check(url: String) throws(ApusError) {}

    func send(_ post: WebhookPost, completion: @escaping @Sendable (WebhookAnswer) -> Void) {
        let body = try? JSONDecoder().decode(Body.self, from: Data(post.body.readableBytesView))
        let answer = state.withLock { state -> WebhookAnswer? in
            state.posts.append(post)
            state.events += (body?.events ?? []).map { (post.url, $0.id) }
            guard !state.stuck.contains(post.url) else {
                state.open.append(completion)
                return nil
            }
            return state.answers.isEmpty ? .taken : state.answers.removeFirst()
        }
        if let answer { completion(answer) }
    }

    func shutdown() async {
        let open = state.withLock { $0.open }
        for completion in open { completion(.failed(reason: "the server is stopping", afterSeconds: 5)) }
    }
}
