import ApusCore
import Testing

@Suite("MessageVariants")
struct MessageVariantsTests {
    private typealias Members = MessageVariants.Members

    private func message(_ content: MessageContent) -> Message {
        Message(
            id: MessageID(7), app: AppNumber(1), appID: "a", tenant: "", content: content, needsConfirmation: false,
            expiresAt: Timestamp(milliseconds: 1))
    }

    @Test("a device gets its language, or the nearest that is more general (RFC 4647 §3.4)")
    func lookup() {
        let variants = MessageVariants(languages: ["zh": Members(), "zh-hant": Members(), "en": Members()])
        #expect(variants.language(for: "zh-Hant-TW") == "zh-hant")
        #expect(variants.language(for: "zh-CN") == "zh")
        #expect(variants.language(for: "EN") == "en")
        #expect(variants.language(for: "zh-x-private") == "zh")
        for other in ["de", "z", "", "-", "zho"] { #expect(variants.language(for: other) == nil) }
        #expect(variants.language(for: nil) == nil)
    }

    @Test("a platform's members are stronger than a language's, and both than the message's own")
    func strength() {
        let variants = MessageVariants(
            languages: ["zh": Members(title: "标题", alert: "你好")],
            platforms: [.ios: Members(alert: "Hi, phone", extra: "[1]", badge: 4)])
        let all = message(
            MessageContent(title: "Title", alert: "Hello", uri: "app://1", extra: "{}", variants: variants))
        let chinese = all.adapted(to: .android, "zh-CN")
        #expect(chinese.content == MessageContent(title: "标题", alert: "你好", uri: "app://1", extra: "{}"))
        let phone = all.adapted(to: .ios, "zh")
        #expect(
            phone.content == MessageContent(title: "标题", alert: "Hi, phone", uri: "app://1", extra: "[1]", badge: 4))
        #expect(
            all.adapted(to: .web, "de").content
                == MessageContent(title: "Title", alert: "Hello", uri: "app://1", extra: "{}"))
        #expect(Set([chinese, phone, all.adapted(to: .web, "de")].map(\.variant)).count == 3)
        #expect(all.adapted(to: .web, nil).variant == all.adapted(to: .pc, "fr").variant)
    }

    @Test("a message without variants is the same for all")
    func plain() {
        let plain = message(MessageContent(alert: "Hello"))
        #expect(plain.adapted(to: .ios, "zh") === plain)
    }

    @Test("the largest variant counts")
    func size() {
        let variants = MessageVariants(
            languages: ["zh": Members(alert: "12345678")], platforms: [.ios: Members(title: "1234")])
        #expect(MessageContent(title: "1", alert: "1", variants: variants).largestSize == 12)
        #expect(MessageContent(title: "1", alert: "1").largestSize == 2)
    }

    @Test("are kept as text")
    func json() throws {
        let variants = MessageVariants(
            languages: ["zh": Members(title: "标题"), "pt-br": Members(alert: "Olá \"")],
            platforms: [
                .ios: Members(alert: "", uri: "u", extra: #"{"a":[1.50]}"#, sound: "s", badge: -1), .pc: Members(),
            ])
        #expect(try MessageVariants(json: variants.json) == variants)
        #expect(throws: (any Error).self) { try MessageVariants(json: "[]") }
    }
}

@Suite("Urgency")
struct UrgencyTests {
    @Test("a priority is a name or a number up to 10")
    func priorities() {
        let levels = (1...10).map { Urgency(priority: String($0)) }
        #expect(
            levels == [.veryLow, .veryLow, .low, .low, .normal, .normal, .normal, .high, .high, .high])
        #expect(Urgency.allCases.map { Urgency(priority: $0.name) } == Urgency.allCases)
        for other in ["0", "11", "-1", "urgent", "", "High"] { #expect(Urgency(priority: other) == nil) }
    }
}
