import CExpat

/// The C functions that expat calls. They may not throw: ``StreamParser/fail(_:)`` stops expat instead.
enum ExpatHandlers {
    static func install(in parser: XML_Parser, for streamParser: StreamParser) {
        XML_SetUserData(parser, Unmanaged.passUnretained(streamParser).toOpaque())
        XML_SetElementHandler(parser, startElement, endElement)
        XML_SetCharacterDataHandler(parser, characterData)
        XML_SetProcessingInstructionHandler(parser, processingInstruction)
        XML_SetCommentHandler(parser, comment)
    }

    /// Handlers of what can only come up to the header of a stream, or is only of interest there.
    static func installForHeader(in parser: XML_Parser) {
        XML_SetNamespaceDeclHandler(parser, namespaceDeclaration, nil)
        XML_SetXmlDeclHandler(parser, xmlDeclaration)
        XML_SetStartDoctypeDeclHandler(parser, doctype)
    }
}

private typealias Context = UnsafeMutableRawPointer?

@inline(__always)
private func streamParser(_ context: Context) -> StreamParser? {
    context.map { Unmanaged<StreamParser>.fromOpaque($0).takeUnretainedValue() }
}

private func startElement(_ context: Context, _ name: UnsafePointer<CChar>?, _ attributes: ExpatAttributes.Pointer?) {
    guard let name, let attributes = ExpatAttributes(attributes) else { return }
    streamParser(context)?.start(name, attributes)
}

private func endElement(_ context: Context, _ name: UnsafePointer<CChar>?) {
    streamParser(context)?.end()
}

private func characterData(_ context: Context, _ text: UnsafePointer<CChar>?, _ count: Int32) {
    text?.withMemoryRebound(to: UInt8.self, capacity: Int(count)) { text in
        streamParser(context)?.text(UnsafeBufferPointer(start: text, count: Int(count)))
    }
}

private func namespaceDeclaration(
    _ context: Context,
    _ prefix: UnsafePointer<CChar>?,
    _ namespace: UnsafePointer<CChar>?
) {
    streamParser(context)?.declare(prefix, namespace)
}

private func xmlDeclaration(
    _ context: Context,
    _ version: UnsafePointer<CChar>?,
    _ encoding: UnsafePointer<CChar>?,
    _ standalone: Int32
) {
    guard let encoding, String(cString: encoding).lowercased() != "utf-8" else { return }
    streamParser(context)?.fail(StreamError(.unsupportedEncoding))
}

private func doctype(
    _ context: Context,
    _ name: UnsafePointer<CChar>?,
    _ system: UnsafePointer<CChar>?,
    _ identifier: UnsafePointer<CChar>?,
    _ hasInternalSubset: Int32
) {
    streamParser(context)?.fail(StreamError(.restrictedXML, text: "document type"))
}

private func processingInstruction(
    _ context: Context,
    _ target: UnsafePointer<CChar>?,
    _ data: UnsafePointer<CChar>?
) {
    streamParser(context)?.fail(StreamError(.restrictedXML, text: "processing instruction"))
}

private func comment(_ context: Context, _ text: UnsafePointer<CChar>?) {
    streamParser(context)?.fail(StreamError(.restrictedXML, text: "comment"))
}
