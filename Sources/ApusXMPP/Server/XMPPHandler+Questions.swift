import ApusCore
import NIOCore

/// What the session asks the rest of the house. The client is not heard until the answer is there.
extension XMPPHandler {
    func ask(_ question: SessionQuestion) {
        switch question {
        case .account(let name):
            shared.accounts.find(name) { result in
                self.answer((try? result.get()).map { .candidate($0) } ?? .failed(.storeUnavailable))
            }
        case .password(let password, let candidate):
            shared.accounts.check(password, candidate) { self.answer(.password(isRight: $0)) }
        case .register(let name, let password): register(name, password)
        case .setPassword(let password, let name):
            change { try await $0.accounts.changePassword(password, of: name) }
        case .removeAccount(let name):
            change { try await $0.accounts.remove(name, noting: nil) }
        case .setAlias(let alias, let account):
            let now = shared.dispatcher.clock.now
            change { try await $0.dispatcher.update { try $0.setAlias(alias, of: account.device, at: now) } }
        case .setTags(let tags, let account):
            change { try await $0.dispatcher.update { try $0.setTags(tags, of: account.device) } }
        case .stream(let id, let account):
            findStream(id, of: account)
        }
    }

    func answer(_ answer: SessionAnswer) {
        eventLoop.execute { self.answered(answer) }
    }

    /// The control plane is asynchronous, and answers once the change is on disk.
    func change(_ body: @escaping @Sendable (XMPPServerContext) async throws -> Void) {
        let shared = shared
        Task {
            do {
                try await body(shared)
                answer(.done)
            } catch {
                answer(.failed(StanzaError(error)))
            }
        }
    }

    func register(_ name: String, _ password: String) {
        guard let app = shared.settings.registrationApp.flatMap({ shared.apps[$0] }) else {
            return answer(.failed(StanzaError(.notAllowed, text: "The app to register into does not exist.")))
        }
        guard shared.addresses.mayRegister(from: context?.remoteAddress?.ipAddress, at: lastHeard) else {
            return answer(.failed(StanzaError(.resourceConstraint, text: "Too many registrations. Try again later.")))
        }
        change { _ = try await $0.accounts.add(name, password: password, to: app, keepsPassword: nil, noting: nil) }
    }

    func findStream(_ id: String, of account: String) {
        if let stream = shared.suspended.take(id, of: account, at: .now()) { return answer(.stream(stream)) }
        guard let older = shared.connections[account] else { return answer(.stream(nil)) }
        older.eventLoop.execute {
            // Its connection may have broken meanwhile.
            let stream = older.surrender(id) ?? self.shared.suspended.take(id, of: account, at: .now())
            self.answer(.stream(stream))
        }
    }

    /// Gives the stream to a newer connection of its client, which resumes it (XEP-0198 §5).
    func surrender(_ id: String) -> SuspendedStream? {
        guard context != nil, session.management?.id == id, let stream = session.disconnected() else { return nil }
        detach()
        close(StreamError(.conflict, text: "The stream was resumed elsewhere."))
        context?.flush()
        return stream
    }

    func submit(_ message: XMLElement, to name: String, _ number: UInt32?) {
        submissions += 1
        // On a resumed stream the same message may come again with the same number.
        let key = session.management?.id.flatMap { id in number.map { "xmpp:\(id):\($0)" } }
        MessageSubmission(message, from: self, key: key, shared, on: loop.shard) {
            self.submissions -= 1
            if let number { self.session.settled(number) }
            self.runActions()
            self.context?.flush()
            self.resumeReading()
        }.start(to: name, within: session.login?.account.app)
    }
}
