import ApusCore
import NIOCore

/// Stream management (XEP-0198) and client state (XEP-0352).
extension ServerSession {
    mutating func receiveManagement(_ element: XMLElement) {
        switch element.name {
        case "enable": enable(element)
        case "resume": askForStream(element)
        case "r":
            guard management != nil else { return failManagement(.unexpectedRequest) }
            sendCount()
            management?.didTellCount()
        case "a": receiveAcknowledgement(element)
        default: end(StreamError(.unsupportedStanzaType))
        }
    }

    func acknowledgement(of management: StreamManagement) -> XMLElement {
        XMLElement("a", Namespace.streamManagement, attributes: [.init("h", String(management.handled))])
    }

    private mutating func sendCount() {
        if let management { act(.send(acknowledgement(of: management))) }
    }

    /// A message that was submitted is on disk, or was refused.
    mutating func settled(_ number: UInt32) {
        if management?.didSettle(number) ?? false { sendCount() }
    }

    private mutating func enable(_ element: XMLElement) {
        guard phase == .bound, management == nil else { return failManagement(.unexpectedRequest) }
        let isResumable = ["true", "1"].contains(element.attribute("resume"))
        let id = isResumable ? RandomToken.hex128() : nil
        management = StreamManagement(id: id)
        var enabled = XMLElement("enabled", Namespace.streamManagement)
        if let id {
            let seconds = settings.resumeTime.nanoseconds / 1_000_000_000
            enabled.attributes = [.init("id", id), .init("resume", "true"), .init("max", String(seconds))]
        }
        act(.send(enabled))
        act(.count(.managedStream))
    }

    private mutating func receiveAcknowledgement(_ element: XMLElement) {
        guard management != nil else { return failManagement(.unexpectedRequest) }
        guard let count = element.attribute("h").flatMap({ UInt32($0) }) else { return end(StreamError(.badFormat)) }
        do throws(StreamError) {
            let counted = try management!.acknowledge(count)
            let pushes = counted.pushes
            if !pushes.isEmpty { act(.noteArrived(pushes)) }
        } catch {
            end(error)
        }
    }

    private mutating func failManagement(_ condition: StanzaError.Condition) {
        let condition = XMLElement(condition.rawValue, Namespace.stanzaErrors)
        act(.send(XMLElement("failed", Namespace.streamManagement, children: [.element(condition)])))
    }

    // MARK: Resuming

    private mutating func askForStream(_ element: XMLElement) {
        guard phase == .binding, let login else { return failManagement(.unexpectedRequest) }
        guard let id = element.attribute("previd"), let handled = element.attribute("h").flatMap({ UInt32($0) }) else {
            return end(StreamError(.badFormat))
        }
        ask(.stream(id, account: login.account.name), for: .resumption(handled: handled))
    }

    mutating func resume(_ stream: SuspendedStream?, _ handled: UInt32) {
        guard let stream, let id = stream.management.id else { return failManagement(.itemNotFound) }
        var resumed = stream.management
        let counted: [ManagedStanza]
        do throws(StreamError) {
            counted = try resumed.acknowledge(handled)
        } catch {
            return end(error)
        }
        let again = resumed.takeWaiting()
        resumed.resume()
        undisplayed = stream.undisplayed
        management = resumed
        bound(to: stream.address, usesNotifications: stream.usesNotifications)
        let element = XMLElement(
            "resumed", Namespace.streamManagement,
            attributes: [.init("previd", id), .init("h", String(resumed.handled))])
        act(.send(element))
        act(.count(.resumedStream))
        act(.noteArrivedEarlier(counted.pushes, stream.account))
        // Messages that the client has not counted come from the store again, in their order.
        for case .other(let stanza) in again { act(.resendStanza(.other(stanza))) }
        if stream.isAvailable {
            isAvailable = true
            act(.attach(stream.account))
        }
    }

    /// There is nothing to hold back from a client that is not looked at: what comes here is urgent.
    mutating func receiveClientState(_ element: XMLElement) {
        guard phase == .bound, element.name == "active" || element.name == "inactive" else {
            return end(StreamError(.unsupportedStanzaType))
        }
        act(.count(.clientState))
    }
}
