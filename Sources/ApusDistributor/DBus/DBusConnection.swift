import CDBus
import Foundation
import Synchronization

/// A connection to a bus, on a thread of its own.
///
/// libdbus speaks the protocol; nothing of it calls back. The thread waits for the socket or for work, sends what others
/// want to send, and takes out what came in.
// SAFETY: what is not a constant is in a Mutex or touched by `run` alone, once the thread runs. Before, `open` has it.
final class DBusConnection: @unchecked Sendable {
    typealias Answer = @Sendable (DBusMessage) -> Void

    private enum Work {
        case send(DBusMessage)
        case call(DBusMessage, within: Duration, Answer)
        case close
    }

    private struct PendingCall {
        let deadline: ContinuousClock.Instant
        let answer: Answer
    }

    /// Bytes that wait for the bus to read them. A program that is served so slowly gets no more.
    private static let longestBacklog = 16 << 20

    private let connection: OpaquePointer
    private let wakeUp: WakeUp
    /// What the thread is to do; nil when it has ended.
    private let work = Mutex<[Work]?>([])
    private var pending: [UInt32: PendingCall] = [:]
    private var isClosing = false

    private init(_ connection: OpaquePointer) throws(DBusFailure) {
        self.connection = connection
        wakeUp = try WakeUp()
    }

    deinit {
        dbus_connection_close(connection)
        dbus_connection_unref(connection)
    }

    /// Connects and says hello.
    ///
    /// - Parameter address: as in `unix:path=/run/user/1000/bus`.
    static func open(_ address: String) throws(DBusFailure) -> DBusConnection {
        var error = DBusError()
        dbus_error_init(&error)
        defer { dbus_error_free(&error) }
        guard let connection = dbus_connection_open_private(address, &error) else {
            throw .unreachable(address, reason: text(error))
        }
        let opened = try DBusConnection(connection)
        guard dbus_bus_register(connection, &error) != 0 else { throw .unreachable(address, reason: text(error)) }
        return opened
    }

    /// Takes a name. Only before `start`.
    func own(_ name: BusName) throws(DBusFailure) {
        var error = DBusError()
        dbus_error_init(&error)
        defer { dbus_error_free(&error) }
        switch dbus_bus_request_name(connection, name.text, UInt32(DBUS_NAME_FLAG_DO_NOT_QUEUE), &error) {
        case DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER, DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER: return
        case -1: throw .nameRefused(name, reason: Self.text(error))
        default: throw .nameTaken(name)
        }
    }

    private static func text(_ error: DBusError) -> String {
        error.message.map { String(cString: $0) } ?? "no reason was given"
    }

    // MARK: From any thread

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - receive: gets every call and signal, on the thread.
    ///   - end: called once, when the connection has ended, whoever ended it.
    func start(
        receive: @escaping @Sendable (DBusMessage) -> Void, end: @escaping @Sendable () -> Void
    ) {
        let thread = Thread { self.run(receive, end) }
        thread.name = "D-Bus"
        thread.start()
    }

    func send(_ message: DBusMessage) {
        enqueue(.send(message))
    }

    /// Calls a method.
    ///
    /// - Parameter answer: gets the answer, or a failure if there is none in time; on the connection's thread.
    func call(_ message: DBusMessage, within time: Duration, answer: @escaping Answer) {
        enqueue(.call(message, within: time, answer))
    }

    /// Ends the connection. What was sent before goes out, as far as the bus takes it at once.
    func close() {
        enqueue(.close)
    }

    private func enqueue(_ item: Work) {
        let count = work.withLock { work in
            work?.append(item)
            return work?.count
        }
        switch count {
        case 1: wakeUp.signal()
        case nil: if case .call(_, _, let answer) = item { answer(Self.failure(.disconnected)) }
        default: break
        }
    }

    // MARK: On the thread

    private func run(_ receive: (DBusMessage) -> Void, _ end: () -> Void) {
        while !isClosing, dbus_connection_get_is_connected(connection) != 0 {
            while let message = dbus_connection_pop_message(connection) {
                defer { dbus_message_unref(message) }
                if let message = DBusMessage(message) { take(message, receive) }
            }
            expireCalls()
            for item in takeWork() { perform(item) }
            wait()
            dbus_connection_read_write(connection, 0)
        }
        isClosing = true
        for item in takeWork(last: true) { perform(item) }
        for call in pending.values { call.answer(Self.failure(.disconnected)) }
        pending = [:]
        end()
    }

    private func takeWork(last: Bool = false) -> [Work] {
        work.withLock { work in
            defer { work = last ? nil : [] }
            return work ?? []
        }
    }

    private func take(_ message: DBusMessage, _ receive: (DBusMessage) -> Void) {
        switch message.kind {
        case .call, .signal: receive(message)
        case .answer, .failure: pending.removeValue(forKey: message.replySerial)?.answer(message)
        }
    }

    private func perform(_ item: Work) {
        switch item {
        case .send(let message): _ = write(message)
        case .call(let message, let time, let answer):
            guard let serial = write(message) else { return answer(Self.failure(.disconnected)) }
            pending[serial] = PendingCall(deadline: .now + time, answer: answer)
        case .close:
            dbus_connection_read_write(connection, 0)
            isClosing = true
        }
    }

    /// - Returns: the message's serial, or nil if it was not sent.
    private func write(_ message: DBusMessage) -> UInt32? {
        guard !isClosing, dbus_connection_get_outgoing_size(connection) < Self.longestBacklog,
            let copy = message.copied()
        else { return nil }
        defer { dbus_message_unref(copy) }
        var serial: dbus_uint32_t = 0
        return dbus_connection_send(connection, copy, &serial) != 0 ? serial : nil
    }

    private func expireCalls() {
        let now = ContinuousClock.now
        for (serial, call) in pending where call.deadline <= now {
            pending[serial] = nil
            call.answer(Self.failure(.noReply))
        }
    }

    private static func failure(_ name: DBusErrorName) -> DBusMessage {
        DBusMessage(kind: .failure(name.rawValue), signature: "")
    }

    /// Sleeps until something comes in, can go out, is to be done, or is overdue.
    private func wait() {
        guard !isClosing, dbus_connection_get_dispatch_status(connection) != DBUS_DISPATCH_DATA_REMAINS else { return }
        var socket: Int32 = -1
        guard dbus_connection_get_unix_fd(connection, &socket) != 0 else { return }
        let writes = dbus_connection_has_messages_to_send(connection) != 0 ? POLLOUT : 0
        var sources = [
            pollfd(fd: socket, events: Int16(POLLIN | writes), revents: 0),
            pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let patience = pending.values.map(\.deadline).min().map { ContinuousClock.now.duration(to: $0) }
        poll(&sources, 2, patience.map { Int32(clamping: $0.components.seconds * 1000 + 1000) } ?? -1)
        wakeUp.clear()
    }
}

/// A pipe that ends a thread's sleep.
private final class WakeUp: Sendable {
    let descriptor: Int32
    private let end: Int32

    init() throws(DBusFailure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .noDescriptor(reason: String(cString: strerror(errno))) }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (descriptor, end) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(end)
    }

    func signal() {
        _ = write(end, [1], 1)
    }

    func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
