package import NIOCore

/// How many requests are under way, in all and to each host: a state machine without I/O.
///
/// A host that is slow, or asks to be left alone, holds up no other.
package struct HostGate {
    package struct Limits: Sendable {
        package var total = 1024
        package var perHost = 256
        /// What a host may have before it answered anything; with each answer it may have one more.
        package var firstShare = 16
        /// What all hosts together may have that answered nothing since their last trouble.
        package var untried = 512
        /// A host that has as much as it may and answered nothing for this long is slow.
        package var patience = TimeAmount.milliseconds(500)
        /// How long what is for a slow host waits.
        package var slowWait = TimeAmount.seconds(5)
        /// After how many troubles in a row a host is left alone.
        package var troubles = 3
        /// How long it is left alone at most.
        package var longestPause = TimeAmount.minutes(10)
        /// Hosts that are remembered.
        package var hosts = 4096

        package init() {}
    }

    package enum Decision: Equatable, Sendable {
        /// The request is counted until `finished` is called.
        case send
        /// There is no room at the moment.
        case full
        /// The host is not to be asked for so long.
        case wait(TimeAmount)
    }

    private struct Load {
        var underWay = 0
        /// Good ones, since the last trouble.
        var answers = 0
        /// In a row.
        var troubles = 0
        var pausedUntil: NIODeadline?
        /// When it answered last, or when its first request was sent.
        var lastSign: NIODeadline

        var untried: Int { answers == 0 ? underWay : 0 }
    }

    private let limits: Limits
    private var loads: [String: Load] = [:]
    package private(set) var underWay = 0
    private var untried = 0

    package init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    package mutating func admit(_ host: String, at now: NIODeadline) -> Decision {
        guard underWay < limits.total else { return .full }
        var load = loads[host] ?? Load(lastSign: now)
        if let until = load.pausedUntil {
            guard now >= until else { return .wait(until - now) }
            load.pausedUntil = nil
        }
        guard load.underWay < min(limits.perHost, limits.firstShare + load.answers) else {
            guard now - load.lastSign < limits.patience else { return .wait(limits.slowWait) }
            // What is for others need not wait until it is known whether a host answers at all.
            return load.answers > 0 ? .full : .wait(limits.patience)
        }
        // A new host may always be tried once.
        let isNew = load.underWay == 0 && load.troubles == 0
        guard isNew || load.answers > 0 || untried < limits.untried else { return .wait(limits.slowWait) }
        if load.underWay == 0 { load.lastSign = now }
        if loads.count >= limits.hosts { loads = loads.filter { $0.value.underWay > 0 } }
        untried -= load.untried
        load.underWay += 1
        untried += load.untried
        underWay += 1
        loads[host] = load
        return .send
    }

    /// A request that was admitted has ended.
    /// - Parameter trouble: how long the host wants to be left alone, or had better be; nil if all was well.
    package mutating func finished(_ host: String, at now: NIODeadline, trouble: TimeAmount?) {
        guard var load = loads[host], load.underWay > 0 else { return }
        underWay -= 1
        untried -= load.untried
        load.underWay -= 1
        if let trouble {
            load.answers = 0
            load.troubles += 1
            if load.troubles >= limits.troubles {
                load.pausedUntil = max(load.pausedUntil ?? now, now + min(trouble, limits.longestPause))
            }
        } else {
            load.answers += 1
            load.troubles = 0
            load.pausedUntil = nil
            load.lastSign = now
        }
        untried += load.untried
        // Who answers well is remembered, and so need not wait behind those who never did.
        loads[host] = load.underWay == 0 && load.troubles == 0 && load.answers == 0 ? nil : load
    }
}
