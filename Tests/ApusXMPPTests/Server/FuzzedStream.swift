import ApusTestKit
import NIOCore
import Testing

@testable import ApusXMPP

/// One device with random habits, and what must hold whatever it does.
struct FuzzedStream {
    private enum Login: CaseIterable {
        case none
        case legacy
        case bind
        case resume
    }

    /// Begets the same device again.
    private let seed: UInt64
    private var dice: SeededGenerator
    private let play: Screenplay
    private let isEncrypted: Bool
    private let login: Login
    /// Whether all that the device sends is as it should be.
    private let isClean: Bool
    private let answersFail: Bool
    /// Reads what the server sends.
    private let client = TestConnection()
    private var answers: [String: Int] = [:]
    private var asked: [String] = []
    private var isClaimed = false
    private var isAttached = false
    private var isClosed = false
    private(set) var byteCount = 0

    init(seed: UInt64, pool: ParserPool) {
        self.seed = seed
        var dice = SeededGenerator(seed: seed)
        isEncrypted = Bool.random(using: &dice)
        login = Login.allCases.randomElement(using: &dice)!
        isClean = Bool.random(using: &dice)
        answersFail = Int.random(in: 0..<4, using: &dice) == 0
        let (offersTLS, requiresTLS, registers) = (
            Bool.random(using: &dice), Int.random(in: 0..<8, using: &dice) == 0, Bool.random(using: &dice)
        )
        play = Screenplay(isEncrypted: isEncrypted, pool: pool) {
            $0.offersTLS = offersTLS
            $0.requiresTLS = requiresTLS
            $0.allowsPlainPasswords = true
            if !registers { $0.registrationApp = nil }
        }
        play.answersLater = Bool.random(using: &dice)
        play.settlesLater = Bool.random(using: &dice)
        self.dice = dice
    }

    // MARK: What the device does

    /// Lives the stream to its end.
    /// - Parameter suspended: streams of earlier devices that broke; this one may take one or leave one.
    mutating func run(_ suspended: inout [String: SuspendedStream]) throws {
        play.suspended = suspended
        try send([SessionFuzzLines.header])
        if play.session.settings.offersTLS, !isEncrypted, Bool.random(using: &dice) {
            try send([#"<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#])
            try send([SessionFuzzLines.header])
        }
        try send(lines(SessionFuzzLines.early, most: 3))
        try logIn()
        for _ in 0..<Int.random(in: 0...3, using: &dice) {
            try send(lines(SessionFuzzLines.bound, most: 6))
            if isAttached { play.push(Int64.random(in: 1...9, using: &dice)) }
            play.flush()
            if let count = play.session.management?.acknowledged {
                let count = count &+ UInt32.random(in: 0...2, using: &dice)
                try send([#"<a xmlns="urn:xmpp:sm:3" h="\#(count)"/>"#])
            }
        }
        expectOneAnswerEach()
        suspended = play.suspended
        try end(&suspended)
    }

    private mutating func logIn() throws {
        guard login == .bind || login == .resume else {
            guard login == .legacy else { return }
            let digest = LegacyDigest.hex(streamID: play.session.streamID, password: "secret")
            let query = "<username>ann</username><digest>\(digest)</digest><resource>AndroidpnClient</resource>"
            return try send([#"<iq id="ID" type="set"><query xmlns="jabber:iq:auth">\#(query)</query></iq>"#])
        }
        try send([SessionFuzzLines.auth])
        if play.session.phase == .opening { try send([SessionFuzzLines.header]) }
        if login == .resume {
            let id = play.suspended.keys.sorted().first ?? "unknown"
            let count = UInt32.random(in: 0...3, using: &dice)
            try send([#"<resume xmlns="urn:xmpp:sm:3" previd="\#(id)" h="\#(count)"/>"#])
        } else {
            try send([SessionFuzzLines.bind])
        }
    }

    private mutating func lines(_ lines: [String], most: Int) -> [String] {
        (0..<Int.random(in: 0...most, using: &dice)).compactMap { _ in lines.randomElement(using: &dice) }
    }

    private mutating func end(_ suspended: inout [String: SuspendedStream]) throws {
        switch Int.random(in: 0..<4, using: &dice) {
        case 0:
            let id = play.session.management?.id
            let stream = play.breakConnection()
            #expect(stream == nil || stream?.management.id == id)
            if let id, let stream, suspended.count < 20 { suspended[id] = stream }
        case 1:
            play.end(StreamError(.systemShutdown))
            try look()
            #expect(isClosed)
        default:
            try send([SessionFuzzLines.closing])
            if isClean { #expect(isClosed) }
        }
        if play.isOver { expectSilence() }
    }

    // MARK: Sending

    /// Sends lines in pieces of any size, and answers what is asked sooner or later.
    private mutating func send(_ lines: [String]) throws {
        var bytes: [UInt8] = []
        for line in lines {
            let id = "s\(seed)-\(asked.count)"
            let text = line.replacing("\"ID\"", with: "\"\(id)\"")
            if text != line { asked.append(id) }
            let isBroken = !isClean && Int.random(in: 0..<6, using: &dice) == 0
            bytes += isBroken ? SessionFuzzLines.mutated(text, &dice) : Array(text.utf8)
        }
        byteCount += bytes.count
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...max(1, bytes.count / 2), using: &dice))
            rest = rest.dropFirst(piece.count)
            play.device(Array(piece))
            if Bool.random(using: &dice) { answer() }
            try look()
        }
        while play.isAsking { answer() }
        try look()
    }

    private mutating func answer() {
        play.failure = answersFail && Bool.random(using: &dice) ? .storeUnavailable : nil
        play.answerNow()
        play.settle()
    }

    // MARK: What must hold

    private mutating func look() throws {
        try readServer()
        for effect in play.takeEffects() { note(effect) }
        if play.isOver { #expect(isClosed && !play.isAsking && !play.holdsParser) }
        #expect(play.session.management?.isOverfull != true)
    }

    /// What the server says is a stream that its client can read.
    private mutating func readServer() throws {
        client.receive(play.takeOutput().utf8)
        while let event = try client.next() {
            #expect(!isClosed, "nothing follows the end")
            switch event {
            case .streamClosed: isClosed = true
            case .element(let element):
                if element.matches("proceed", Namespace.tls) || element.matches("success", Namespace.sasl) {
                    client.restart(discardsInput: false)
                }
                guard element.name == "iq", let id = element.attribute("id") else { continue }
                #expect(["result", "error"].contains(element.attribute("type")))
                answers[id, default: 0] += 1
            case .streamOpened, .whitespace: break
            }
        }
    }

    /// The house hears only of whom it knows, and in order.
    private mutating func note(_ effect: Screenplay.Effect) {
        switch effect {
        case .startTLS: #expect(!isClaimed)
        case .claim(let name):
            #expect(!isClaimed && login != .none && name == "ann")
            isClaimed = true
        case .attach:
            #expect(isClaimed && !isAttached)
            isAttached = true
        case .detach:
            #expect(isAttached)
            isAttached = false
        case .route(let stanza):
            #expect(isClaimed)
            for id in asked where stanza.contains(#" id="\#(id)""#) && stanza.hasPrefix("<iq") {
                answers[id, default: 0] += 1
            }
        case .confirm, .giveBack, .arrived, .arrivedEarlier, .submit: #expect(isClaimed)
        case .close: #expect(!isAttached && isClosed)
        }
    }

    private func expectOneAnswerEach() {
        guard isClean else { return }
        for id in asked {
            let count = answers[id] ?? 0
            #expect(play.isOver ? count <= 1 : count == 1, "\(id) of stream \(seed)")
        }
    }

    private func expectSilence() {
        play.device(SessionFuzzLines.header + "<presence/>")
        play.answerNow()
        play.settle()
        #expect(play.takeOutput().isEmpty && play.takeEffects().isEmpty)
    }
}
