import ApusTestKit
import NIOCore
import Testing

@testable import ApusCore

@Suite("AuditVerifier")
struct AuditVerifierTests {
    private static let seals = seals(7)

    private static func seals(_ byte: UInt8) -> AuditSeals {
        guard let box = SecretBox(key: [UInt8](repeating: byte, count: SecretBox.keyLength)) else {
            preconditionFailure("the key has the right length")
        }
        return AuditSeals(box)
    }

    private func act(_ number: Int) -> AuditAct {
        AuditAct("app.create", "app \(number)", by: Origin(.token("ann"), from: IPAddress("192.0.2.1"))) {
            $0.member("name", string: "App \(number)")
        }
    }

    /// An audit of so many entries, and its head.
    private func audit(_ count: Int, _ seals: AuditSeals = seals) -> (entries: [AuditEntry], head: AuditHead?) {
        var entries: [AuditEntry] = []
        for number in 1...count {
            entries.append(
                seals.entry(
                    act(number), sequence: Int64(number), at: Timestamp(milliseconds: Int64(number)),
                    after: entries.last?.seal ?? AuditSeals.none))
        }
        return (entries, entries.last.map { seals.head($0.position, message: .zero) })
    }

    /// The number of the first entry that is found to be wrong; nil if none is.
    private func fault(
        _ entries: [AuditEntry], _ head: AuditHead?, expecting position: AuditPosition? = nil
    ) -> Int64? {
        var verifier = AuditVerifier(Self.seals, expecting: position)
        do throws(AuditVerifier.Fault) {
            for entry in entries { try verifier.take(entry) }
            try verifier.finish(head)
            return nil
        } catch {
            return error.sequence
        }
    }

    private func changed(_ entry: AuditEntry, at: Timestamp? = nil, act: AuditAct? = nil) -> AuditEntry {
        AuditEntry(
            sequence: entry.sequence, at: at ?? entry.at, act: act ?? entry.act, previous: entry.previous,
            seal: entry.seal)
    }

    @Test("an audit as it was written holds, and so does none")
    func whole() {
        let (entries, head) = audit(5)
        #expect(fault(entries, head) == nil)
        #expect(fault([], Self.seals.head(.start, message: .zero)) == nil)
    }

    @Test("the seal is HMAC-SHA-256 of what the documentation says")
    func vector() {
        // Made with Python's hmac from the same key and fields.
        let entry = audit(1).entries[0]
        #expect(Hex.encode(entry.seal) == Self.firstSeal)
        #expect(Hex.encode(audit(1).head?.seal ?? []) == Self.firstHead)
    }

    private static let firstSeal = "d71ba8174fd491193df03916e9672e5880d36dd3d0d21ba51db265c8b966a685"
    private static let firstHead = "f2a1f9669fa70313ad8b882b8192fc996e1538d76d86cc466bed671a7fe3273c"

    @Test("whatever is changed in an entry, it is found")
    func changes() {
        let (entries, head) = audit(5)
        let act = entries[2].act
        let others = [
            AuditAct(
                actor: "token:bob", address: act.address, name: act.name, object: act.object, details: act.details),
            AuditAct(actor: act.actor, address: "", name: act.name, object: act.object, details: act.details),
            AuditAct(actor: act.actor, address: act.address, name: "app.x", object: act.object, details: act.details),
            AuditAct(actor: act.actor, address: act.address, name: act.name, object: "app 4", details: act.details),
            AuditAct(actor: act.actor, address: act.address, name: act.name, object: act.object, details: "{}"),
            // The same bytes in a row, divided elsewhere.
            AuditAct(
                actor: act.actor, address: act.address, name: act.name + "a", object: String(act.object.dropFirst()),
                details: act.details),
        ]
        for other in others {
            var tampered = entries
            tampered[2] = changed(entries[2], act: other)
            #expect(fault(tampered, head) == 3)
        }
        var tampered = entries
        tampered[2] = changed(entries[2], at: Timestamp(milliseconds: 4))
        #expect(fault(tampered, head) == 3)
        tampered[2] = AuditEntry(
            sequence: 3, at: entries[2].at, act: act, previous: AuditSeals.none, seal: entries[2].seal)
        #expect(fault(tampered, head) == 3)
    }

    @Test("an entry that is missing, doubled or in another place is found")
    func order() {
        let (entries, head) = audit(5)
        #expect(fault(Array(entries.dropFirst()), head) == 1)
        #expect(fault([entries[0], entries[1], entries[3], entries[4]], head) == 3)
        #expect(fault([entries[0], entries[0], entries[1]], head) == 2)
        #expect(fault([entries[0], entries[2], entries[1], entries[3], entries[4]], head) == 2)
    }

    @Test("an end that was cut off is found, whatever is done about the head")
    func truncation() {
        let (entries, head) = audit(5)
        #expect(fault(Array(entries.prefix(3)), head) == 4)
        #expect(fault(Array(entries.prefix(3)), nil) == 4)
        let forged = AuditHead(sequence: 3, seal: head?.seal ?? [], message: .zero)
        #expect(fault(Array(entries.prefix(3)), forged) == 4)
        #expect(fault([], head) == 1)
        #expect(fault([], nil) == 1)
    }

    @Test("after the key was replaced it can be verified from there on, and only the new key can say so")
    func replacedKey() throws {
        let (entries, _) = audit(3, Self.seals(8))
        let replacement = AuditAct(AuditAct.keyReplacement, "", by: Origin(.server))
        let new = Self.seals.entry(
            replacement, sequence: 4, at: Timestamp(milliseconds: 4), after: entries[2].seal)
        let next = Self.seals.entry(act(5), sequence: 5, at: Timestamp(milliseconds: 5), after: new.seal)
        let head = Self.seals.head(next.position, message: .zero)
        #expect(fault(entries + [new, next], head) == nil)
        #expect(fault(entries + [new, changed(next, act: act(6))], head) == 5)
        #expect(fault(Array(entries.dropLast()) + [new, next], head) == 1)
        #expect(fault(entries + [changed(next, act: replacement), next], head) == 1)
        #expect(fault(entries + [new, next], head, expecting: AuditPosition(sequence: 2, seal: next.seal)) == 1)
        var verifier = AuditVerifier(Self.seals)
        for entry in entries + [new, next] { try verifier.take(entry) }
        #expect(verifier.since == 4)
    }

    @Test("who does not have the key cannot write it anew")
    func anotherKey() {
        let (entries, head) = audit(5, Self.seals(8))
        #expect(fault(entries, head) == 1)
        // Nor add to it.
        var (longer, _) = audit(4)
        longer.append(Self.seals(8).entry(act(5), sequence: 5, at: Timestamp(milliseconds: 5), after: longer[3].seal))
        #expect(fault(longer, head) == 5)
    }

    @Test("a database that was put back to an earlier state is found by a head that was kept elsewhere")
    func rollback() {
        let (entries, head) = audit(5)
        let kept = entries[3].position
        #expect(fault(entries, head, expecting: kept) == nil)
        let (earlier, earlierHead) = audit(3)
        #expect(fault(earlier, earlierHead) == nil, "by itself it holds")
        #expect(fault(earlier, earlierHead, expecting: kept) == 4)
        let (other, otherHead) = audit(5)
        let another = AuditPosition(sequence: 4, seal: entries[2].seal)
        #expect(fault(other, otherHead, expecting: another) == 4)
    }

    @Test("a head is written as a number and a seal", arguments: ["", "5", "5:", ":00", "0:" + zeros, "5:xy", "5:00"])
    func positions(_ wrong: String) {
        #expect(AuditPosition(wrong) == nil)
        let position = AuditPosition(sequence: 5, seal: [UInt8](repeating: 0xAB, count: 32))
        #expect(AuditPosition(position.description) == position)
    }

    private static let zeros = String(repeating: "00", count: 32)
}
