import ApusCore
import ApusTestKit
import Testing

@Suite("Every store's webhooks")
struct WebhookContractTests {
    @Test("are kept with their secrets and how far they have come", arguments: StoreUnderTest.allCases)
    func webhooks(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app("one")
            let list = { try fixture.store.read { try $0.webhooks() } }
            func webhook(_ id: String, _ secrets: [WebhookSecret], after: Int64 = 7) -> Webhook {
                Webhook(
                    id: id, app: app.number, appID: "one", url: "https://example.org/\(id)",
                    kinds: EventKinds([.read, .failed]), secrets: secrets, createdAt: fixture.clock.now,
                    progress: WebhookProgress(after: EventID(after)))
            }
            let (one, two) = (webhook("a", [WebhookSecret([1, 2])]), webhook("b", [WebhookSecret([3])]))
            for webhook in [one, two] { try fixture.store.write { try $0.putWebhook(webhook) } }
            #expect(try list() == [one, two])

            let progress = WebhookProgress(
                after: EventID(9), attempts: 3, notBefore: fixture.clock.now, problem: "it answered 500")
            try fixture.store.write { try $0.setProgress(progress, ofWebhook: "a") }
            let rotated = webhook(
                "a", [WebhookSecret([4]), WebhookSecret([1, 2], expiresAt: fixture.clock.now)], after: 0)
            try fixture.store.write { try $0.putWebhook(rotated) }
            var expected = rotated
            expected.progress = progress
            #expect(try list() == [expected, two])

            let letter = DeadLetter(
                row: 0, mode: "webhook", title: one.url, userNumber: nil, reason: "r", attempts: 3,
                at: fixture.clock.now, post: DeadLetter.Post(webhook: "a", id: "p", body: "{}"))
            try fixture.store.write { try $0.insert(letter) }
            let kept = try #require(try fixture.store.read { try $0.deadLetters(before: nil, limit: 1) }.first)
            #expect(kept.post == letter.post)
            #expect(try fixture.store.read { try $0.deadLetter(kept.id) } == kept)
            #expect(try fixture.store.read { try $0.deadLetter(kept.id + 1) } == nil)

            var removed: [Bool] = []
            for id in ["a", "a"] { try fixture.store.write { removed.append(try $0.removeWebhook(id)) } }
            #expect(removed == [true, false])
            #expect(try list() == [two])
            #expect(try fixture.store.read { try $0.deadLetters(before: nil, limit: 1) }.isEmpty)
        }
    }
}
