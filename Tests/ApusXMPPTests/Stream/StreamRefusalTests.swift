import Testing

@testable import ApusXMPP

@Suite("What a stream must not hold")
struct StreamRefusalTests {
    private static let header =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"

    /// How a stream in one piece, and one byte at a time, ends.
    private func refusal(
        _ bytes: [UInt8],
        limits: StreamLimits = .authenticated
    ) throws -> StreamError.Condition {
        var conditions: [StreamError.Condition] = []
        for pieces in [[bytes], bytes.map { [$0] }] {
            let error = #expect(throws: StreamError.self) { try read(pieces, limits: limits) }
            conditions.append(try #require(error).condition)
        }
        #expect(conditions[0] == conditions[1])
        return conditions[0]
    }

    @Test(
        "restricted or broken XML is refused",
        arguments: [
            ("<!DOCTYPE s SYSTEM 'x'>" + header, .restrictedXML),
            ("<!DOCTYPE s [<!ENTITY a 'b'>]>" + header, .restrictedXML),
            ("<?php x?>" + header, .restrictedXML),
            ("<!-- c -->" + header, .restrictedXML),
            (header + "<?x y?>", .restrictedXML),
            (header + "<iq><!-- c --></iq>", .restrictedXML),
            (header + "<iq>&nbsp;</iq>", .restrictedXML),
            (header + "<iq a='&x;'/>", .restrictedXML),
            (header + "<!DOCTYPE s>", .notWellFormed),
            (header + "<?xml version='1.0'?>", .notWellFormed),
            (header + "<iq></message>", .notWellFormed),
            (header + "<iq a='1' a='2'/>", .notWellFormed),
            (header + "<iq a=1/>", .notWellFormed),
            (header + "<iq a='<'/>", .notWellFormed),
            (header + "<x:iq/>", .notWellFormed),
            (header + "<iq x:a=''/>", .notWellFormed),
            (header + "<iq>\u{1}</iq>", .notWellFormed),
            (header + "<iq>\u{0}</iq>", .notWellFormed),
            (header + "<iq>\u{FFFF}</iq>", .notWellFormed),
            (header + "<iq>&#0;</iq>", .notWellFormed),
            (header + "<iq>&#1;</iq>", .notWellFormed),
            (header + "<iq>]]></iq>", .notWellFormed),
            (header + "<q:iq xmlns:q='a&#1;b'/>", .notWellFormed),
            (header + "hello", .badFormat),
            (header + "<iq/>&amp;", .badFormat),
            ("hello", .notWellFormed),
            ("<?xml version='1.0' encoding='ISO-8859-1'?>" + header, .unsupportedEncoding),
            ("<?xml version='1.0' encoding='UTF-16'?>" + header, .unsupportedEncoding),
            ("<\u{0}s\u{0}", .unsupportedEncoding),
            ("<stream:stream xmlns='jabber:client' xmlns:stream='http://example.org/'>", .invalidNamespace),
            ("<iq xmlns='jabber:client'/>", .invalidNamespace),
            ("<stream>", .invalidNamespace),
            ("<stream:streams xmlns:stream='http://etherx.jabber.org/streams'>", .badFormat),
        ] as [(String, StreamError.Condition)]
    )
    func refused(stream: String, condition: StreamError.Condition) throws {
        #expect(try refusal(Array(stream.utf8)) == condition)
    }

    @Test("what is not UTF-8 is refused")
    func encoding() throws {
        #expect(try refusal([0xFE, 0xFF, 0x00, 0x3C]) == .unsupportedEncoding)
        #expect(try refusal([0xFF, 0xFE, 0x3C, 0x00]) == .unsupportedEncoding)
        for sequence: [UInt8] in [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xE9, 0x3C]] {
            let stream = Array((Self.header + "<iq>").utf8) + sequence + Array("</iq>".utf8)
            #expect(try refusal(stream) == .notWellFormed)
        }
    }

    @Test("what came before an error is told first")
    func eventsBefore() throws {
        let reader = TestConnection()
        reader.receive((Self.header + "<presence/><iq>&nbsp;</iq>").utf8)
        #expect(try reader.next() != nil)
        #expect(try reader.next() == .element(XMLElement("presence", Namespace.client)))
        do {
            _ = try reader.next()
            Issue.record("not refused")
        } catch {
            #expect(error.condition == .restrictedXML)
        }
        #expect(try reader.next() == nil)
        #expect(!reader.holdsParser)
    }

    @Test("a stanza may be as long as the limit and no longer")
    func stanzaLimit() throws {
        func stanza(_ length: Int) -> String { "<iq>" + String(repeating: "x", count: length - 9) + "</iq>" }
        let limits = StreamLimits(stanza: 10_000)
        let longest = Self.header + stanza(10_000) + " \n" + stanza(10_000)
        #expect(try read(longest, limits: limits).count == 3)
        #expect(try refusal(Array((Self.header + stanza(10_001)).utf8), limits: limits) == .policyViolation)
        let unfinished = Self.header + stanza(100_000).dropLast(5)
        #expect(try refusal(Array(unfinished.utf8), limits: limits) == .policyViolation)
        let header = "<?xml version='1.0'?>" + String(repeating: " ", count: 10_001)
        #expect(try refusal(Array(header.utf8), limits: limits) == .policyViolation)
    }

    @Test("the limit of a stanza can be raised between two stanzas of one buffer")
    func limitRaised() throws {
        let long = "<iq>" + String(repeating: "x", count: 20_000) + "</iq>"
        let reader = TestConnection(limits: .unauthenticated)
        reader.receive((Self.header + "<auth/>" + long).utf8)
        #expect(try reader.next() != nil)
        #expect(try reader.next() == .element(XMLElement("auth", Namespace.client)))
        reader.limits = .authenticated
        guard case .element(let element) = try reader.next() else {
            Issue.record("no stanza")
            return
        }
        #expect(element.text.utf8.count == 20_000)
    }

    @Test("depth, attributes, names and tags are limited")
    func otherLimits() throws {
        let open = (0..<50).map { "<a\($0)>" }.joined()
        let close = (0..<50).reversed().map { "</a\($0)>" }.joined()
        #expect(try read(Self.header + open + close).count == 2)
        #expect(try refusal(Array((Self.header + open + "<b>").utf8)) == .policyViolation)

        func attributes(_ count: Int) -> String { (0..<count).map { " a\($0)=''" }.joined() }
        #expect(try read(Self.header + "<iq\(attributes(64))/>").count == 2)
        #expect(try refusal(Array((Self.header + "<iq\(attributes(65))/>").utf8)) == .policyViolation)

        let name = String(repeating: "n", count: 256)
        #expect(try read(Self.header + "<\(name) \(name)=''/>").count == 2)
        #expect(try refusal(Array((Self.header + "<\(name)n/>").utf8)) == .policyViolation)
        #expect(try refusal(Array((Self.header + "<iq \(name)n=''/>").utf8)) == .policyViolation)
        let namespace = String(repeating: "n", count: 1025)
        #expect(try refusal(Array((Self.header + "<iq xmlns='\(namespace)'/>").utf8)) == .policyViolation)

        let unfinishedTag = "<iq a='" + String(repeating: "x", count: 9000)
        #expect(try refusal(Array((Self.header + unfinishedTag).utf8)) == .policyViolation)
        let prefixes = (0..<65).map { " xmlns:p\($0)='urn:x'" }.joined()
        #expect(try refusal(Array((Self.header.dropLast() + prefixes + ">").utf8)) == .policyViolation)
    }
}
