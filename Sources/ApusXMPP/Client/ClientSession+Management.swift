/// Stream management (XEP-0198): both sides count, so that nothing is lost with a connection.
extension ClientSession {
    /// No stanza is sent before the answer, so both sides begin to count at the same place.
    mutating func enableManagement(as address: JID) {
        phase = .enablingManagement
        self.address = address
        send(element: XMLElement("enable", Namespace.streamManagement, attributes: [.init("resume", "true")]))
    }

    mutating func receiveEnabling(_ answer: XMLElement) {
        guard let address else { return }
        switch answer.name {
        case "enabled":
            let isResumable = ["true", "1"].contains(answer.attribute("resume"))
            management = StreamManagement(id: isResumable ? answer.attribute("id") : nil)
        case "failed": break
        default: return fail(StreamError(.unsupportedStanzaType))
        }
        becomeReady(as: address, resumed: false)
    }

    mutating func receiveManagement(_ element: XMLElement) {
        guard management != nil else { return fail(StreamError(.unsupportedStanzaType)) }
        switch element.name {
        case "r": sendCount()
        case "a":
            guard acknowledge(element) else { return }
            counting.didHear()
            requestCount()
        default: fail(StreamError(.unsupportedStanzaType))
        }
    }

    private mutating func sendCount() {
        guard let management else { return }
        let count = XMLElement.Attribute("h", String(management.handled))
        send(element: XMLElement("a", Namespace.streamManagement, attributes: [count]))
    }

    /// - Returns: false if that ended the stream.
    private mutating func acknowledge(_ element: XMLElement) -> Bool {
        guard let count = element.attribute("h").flatMap({ UInt32($0) }) else {
            fail(StreamError(.badFormat))
            return false
        }
        do throws(StreamError) {
            _ = try management?.acknowledge(count)
            return true
        } catch {
            fail(error)
            return false
        }
    }

    mutating func requestCount() {
        guard counting.shouldRequest() else { return }
        send(element: XMLElement("r", Namespace.streamManagement))
    }

    // MARK: Resuming

    mutating func resume(_ stream: ResumableStream) {
        guard let id = stream.management.id else { return bind() }
        phase = .resuming
        let count = XMLElement.Attribute("h", String(stream.management.handled))
        send(
            element: XMLElement("resume", Namespace.streamManagement, attributes: [count, .init("previd", id)]))
    }

    mutating func receiveResumption(_ answer: XMLElement) {
        guard let stream = resumable else { return bind() }
        switch answer.name {
        case "resumed":
            management = stream.management
            guard acknowledge(answer) else {
                // It would end like this again.
                management = nil
                resumable = nil
                return
            }
            sendAgain()
            becomeReady(as: stream.address, resumed: true)
        // Too late. What was not acknowledged may or may not have arrived: whoever sent it has to know what to do.
        case "failed": bind()
        default: fail(StreamError(.unsupportedStanzaType))
        }
    }

    private mutating func sendAgain() {
        for case .other(let stanza) in management?.takeWaiting() ?? [] {
            act(.write(stanza))
            management?.didSend(.other(stanza))
            counting.didSend()
        }
        requestCount()
    }
}

/// When the server is asked for its count: after what was sent, and not again before it has told.
struct CountRequest {
    private var hasNew = false
    private var isUnderWay = false

    mutating func didSend() {
        hasNew = true
    }

    /// The server told its count.
    mutating func didHear() {
        isUnderWay = false
    }

    /// If so, it counts as done.
    mutating func shouldRequest() -> Bool {
        guard hasNew, !isUnderWay else { return false }
        (hasNew, isUnderWay) = (false, true)
        return true
    }
}
