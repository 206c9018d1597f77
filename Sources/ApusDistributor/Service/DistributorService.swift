import ApusCore
import ApusXMPP
import Logging
import NIOCore

/// Runs the distributor: what happens goes to the state machine, what that decides is done.
// SAFETY: once it has started it is touched on its event loop only, where everything that happens elsewhere hops to. The loop does nothing else,
// so that it may wait for the disk.
final class DistributorService: @unchecked Sendable {
    /// A gateway's answer to an IQ.
    private static let requestTime = TimeAmount.seconds(15)
    /// The timer stands still while the machine sleeps, so it never runs for long.
    private static let longestTimer: Int64 = 600_000

    private let loop: any EventLoop
    private let bus: DBusConnection
    private let connectors: Connectors
    private let book: RegistrationBook
    private let configuredGateway: JID?
    private let account: JID
    private let clock: any Clock
    private let logger: Logger

    private var link: (any GatewayLink)?
    private var distributor: Distributor
    private var search: GatewaySearch?
    /// Tells the answers to this search from those to earlier ones.
    private var searchNumber = 0
    private var timer: Scheduled<Void>?

    /// - Throws: what the book says.
    init(
        account: JID, gateway: JID?, bus: DBusConnection, book: RegistrationBook, on loop: any EventLoop,
        clock: any Clock = SystemClock(), logger: Logger
    ) throws {
        self.account = account
        self.bus = bus
        self.book = book
        self.loop = loop
        self.clock = clock
        self.logger = logger
        connectors = Connectors(bus: bus)
        configuredGateway = gateway
        distributor = Distributor(
            device: try book.setting("device") { RandomToken.hex128() }, registrations: try book.registrations(),
            departures: try book.departures())
    }

    /// - Parameters:
    ///   - makeLink: makes the way to gateways, which is started then.
    ///   - end: called when the connection to the bus has ended.
    func start(
        over makeLink: (_ receive: @escaping @Sendable (LinkEvent) -> Void) throws -> any GatewayLink,
        end: @escaping @Sendable () -> Void
    ) throws {
        let link = try makeLink { event in self.loop.execute { self.receive(event) } }
        self.link = link
        bus.start(receive: { message in self.loop.execute { self.receive(message) } }, end: end)
        link.start()
        loop.execute {
            let waiting = self.attempt("the book was not read") { try self.book.waiting() } ?? [:]
            self.run(waiting.keys.sorted().flatMap { self.distributor.wakeDelivery(of: $0) })
        }
    }

    func stop() async {
        await link?.stop()
        bus.close()
        loop.execute { self.timer?.cancel() }
    }

    // MARK: What happens

    private func receive(_ message: DBusMessage) {
        guard message.kind == .call else { return }
        if let call = DistributorCall(message) {
            run(distributor.receive(call, message, at: clock.now))
        } else if message.expectsReply {
            let object = DistributorObject { interface in
                interface == DistributorStatus.interface ? self.status.properties : nil
            }
            bus.send(object.answer(message))
        }
    }

    private func receive(_ event: LinkEvent) {
        switch event {
        case .connected(let address, let resumed):
            logger.info("connected", metadata: ["address": "\(address)", "resumed": "\(resumed)"])
            run(distributor.connected(as: address, resumed: resumed, at: clock.now))
        case .stanza(let stanza): run(distributor.receive(stanza))
        case .disconnected(let reason):
            logger.notice("disconnected", metadata: ["reason": "\(reason)"])
            distributor.disconnected()
            run([])
        case .failed(let reason):
            logger.error("the server does not let the account in", metadata: ["reason": "\(reason)"])
            run(distributor.loginFailed(reason))
        }
    }

    private func tick() {
        let now = clock.now
        if let lost = attempt("the book was not tidied", { try book.removeOverdue(at: now) }), lost > 0 {
            logger.warning("applications did not take pushes in time", metadata: ["lost": "\(lost)"])
        }
        run(distributor.tick(at: now))
    }

    // MARK: What is done

    private func run(_ actions: [Distributor.Action]) {
        for action in actions { run(action) }
        setTimer()
    }

    private func run(_ action: Distributor.Action) {
        switch action {
        case .sendToBus(let message): bus.send(message)
        case .sendToServer(let stanza): link?.send(stanza)
        case .save(let registration): attempt("a registration was not saved") { try book.save(registration) }
        case .remove(let registration, let departure):
            attempt("a registration was not removed") {
                try book.remove(registration, departure: departure, at: clock.now)
            }
        case .findGateway(let inUse): findGateway(inUse: inUse)
        case .askForEndpoint(let registration, let gateway, let attempt):
            request(GatewayRequest.register(registration, at: gateway)) { answer in
                self.run(
                    self.distributor.receiveEndpoint(
                        answer, for: registration.appToken, attempt: attempt, at: self.clock.now))
            }
        case .report(let departure): report(departure)
        case .keep(let push, let payload, let registration): keep(push, payload, registration)
        case .deliver(let registration): deliver(registration)
        }
    }

    private func report(_ departure: Departure) {
        request(GatewayRequest.unregister(departure)) { answer in
            guard answer != .lost else { return }
            self.distributor.reported(departure)
            self.attempt("a departure was not settled") { try self.book.settle(departure) }
        }
    }

    private func keep(_ push: GatewayPush, _ payload: [UInt8], _ registration: Registration) {
        let isKept = attempt("a push was not kept") {
            // The disk may have had no room for it when it was made.
            if try !book.has(registration.appToken) { try book.save(registration) }
            return try book.keep(payload, for: registration.appToken, at: clock.now)
        }
        guard isKept == true else {
            logger.warning("a push was refused", metadata: ["application": "\(registration.service)"])
            if let refusal = push.refusal(.resourceConstraint) { link?.send(refusal) }
            return
        }
        if let receipt = push.receipt { link?.send(receipt) }
        run(distributor.pushWasKept(push, for: registration.appToken))
    }

    private func deliver(_ registration: Registration) {
        let token = registration.appToken
        guard let push = attempt("a push was not read", { try book.oldestPush(for: token) }) ?? nil else {
            return distributor.deliveries.finished(token)
        }
        connectors.deliver(push, to: registration) { problem in
            self.loop.execute { self.delivered(push, registration, problem) }
        }
    }

    private func delivered(_ push: StoredPush, _ registration: Registration, _ problem: String?) {
        if let problem {
            logger.notice(
                "an application did not take a push",
                metadata: ["application": "\(registration.service)", "problem": "\(problem)"])
            distributor.undelivered(registration.appToken, at: clock.now)
            run([])
        } else if attempt("a push was not removed", { try book.remove(push) }) != nil {
            run(distributor.delivered(registration.appToken))
        } else {
            // It is still the oldest: brought again at once, it would come without end.
            distributor.undelivered(registration.appToken, at: clock.now)
            run([])
        }
    }

    // MARK: The search

    private func findGateway(inUse: Gateway?) {
        searchNumber += 1
        var search = GatewaySearch(configured: configuredGateway, inUse: inUse)
        let actions = search.start(ownDomain: account.service)
        self.search = search
        follow(actions)
    }

    private func follow(_ actions: [GatewaySearch.Action]) {
        let number = searchNumber
        for action in actions {
            switch action {
            case .askItems(let domain):
                request(GatewayRequest.discoverItems(of: domain)) { answer in
                    guard self.searchNumber == number else { return }
                    self.follow(self.search?.receiveItems(answer) ?? [])
                }
            case .askInfo(let service):
                request(GatewayRequest.discoverInfo(of: service)) { answer in
                    guard self.searchNumber == number else { return }
                    self.follow(self.search?.receiveInfo(answer, from: service) ?? [])
                }
            case .finish(let outcome):
                search = nil
                searchNumber += 1
                logger.info("the search for a gateway has ended", metadata: ["outcome": "\(outcome)"])
                run(distributor.searchEnded(outcome, at: clock.now))
            }
        }
    }

    // MARK: The rest

    private func request(_ iq: XMLElement, answer: @escaping @Sendable (LinkAnswer) -> Void) {
        link?.request(iq, within: Self.requestTime) { result in self.loop.execute { answer(result) } }
    }

    private func setTimer() {
        timer?.cancel()
        let now = clock.now
        let wait = (distributor.nextDeadline?.milliseconds ?? .max).subtractingReportingOverflow(now.milliseconds)
        let delay = wait.overflow ? Self.longestTimer : min(max(wait.partialValue, 0), Self.longestTimer)
        timer = loop.scheduleTask(in: .milliseconds(delay)) { self.tick() }
    }

    /// - Returns: nil if it failed, which is in the log then.
    @discardableResult
    private func attempt<Value>(_ failure: String, _ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            logger.critical("\(failure)", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private var status: DistributorStatus {
        let waiting = attempt("the book was not read") { try book.waiting() } ?? [:]
        return DistributorStatus(distributor, account: account, waiting: waiting.values.reduce(0, +))
    }
}
