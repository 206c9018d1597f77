import NIOCore

/// One look at the journal for all who wait.
struct EventRound {
    /// Who was not answered.
    private(set) var waiting: [EventRequest] = []
    /// Whether somebody was not answered who could be.
    private(set) var isUnfinished = false
    /// What the answers cost, in bytes.
    private(set) var cost = 0
    private var answers: [ObjectIdentifier: (loop: any EventLoop, batches: [(any EventFollower, EventBatch)])] = [:]
    private let settings: EventHub.Settings
    private let faces: DeviceFaces
    private let now: NIODeadline

    init(_ settings: EventHub.Settings, _ faces: DeviceFaces, now: NIODeadline) {
        self.settings = settings
        self.faces = faces
        self.now = now
        faces.refresh(at: now)
    }

    /// The same without any answers, as the journal could not be read.
    func withoutAnswers(_ requests: [EventRequest]) -> EventRound {
        var round = EventRound(settings, faces, now: now)
        round.waiting = requests
        return round
    }

    /// Who asked first is answered first; as many places of the journal are read as a round may.
    mutating func run(_ requests: [EventRequest], _ snapshot: any StoreSnapshot) throws {
        let last = try snapshot.lastEvent()
        var order: [EventID] = []
        var groups: [EventID: [EventRequest]] = [:]
        for var request in requests {
            let after = request.after ?? last
            request.after = after
            if groups[after] == nil { order.append(after) }
            groups[after, default: []].append(request)
        }
        var pages = 0
        for after in order {
            let group = groups[after] ?? []
            if after == last {
                for request in group { idle(request) }
            } else if after > last {
                let gap = EventGap(from: after.next, to: last, reason: .unknown)
                for request in group { answer(request, EventBatch(last: last, gap: gap)) }
            } else if pages < settings.pagesPerRound {
                pages += 1
                try read(after, for: group, last, snapshot)
            } else {
                waiting += group
                isUnfinished = true
            }
        }
    }

    private mutating func read(
        _ after: EventID, for group: [EventRequest], _ last: EventID, _ snapshot: any StoreSnapshot
    ) throws {
        guard let page = try snapshot.journal(after: after, limit: settings.pageSize) else {
            waiting += group
            return
        }
        let gap =
            page.first > after.next
            ? EventGap(from: after.next, to: EventID(page.first.rawValue - 1), reason: .retention) : nil
        var text = EventText(page, faces)
        var known: [Reading: EventBatch] = [:]
        for request in group {
            let reading = Reading(filter: request.filter, form: request.form, limit: request.limit)
            let batch =
                try known[reading]
                ?? text.batch(request.filter, request.form, limit: request.limit, gap: gap, snapshot)
            known[reading] = batch
            if !batch.isEmpty {
                answer(request, batch)
            } else {
                var request = request
                request.after = batch.last
                if batch.last < last { isUnfinished = true }
                if batch.last == last { idle(request) } else { waiting.append(request) }
            }
        }
    }

    /// What makes two answers the same.
    private struct Reading: Hashable {
        let filter: EventFilter
        let form: EventForm
        let limit: Int
    }

    /// There is nothing for it at the moment.
    private mutating func idle(_ request: EventRequest) {
        guard let after = request.after else { return }
        if !request.waits || request.askedAt + settings.patience <= now {
            answer(request, EventBatch(last: after, gap: nil))
        } else {
            waiting.append(request)
        }
    }

    private mutating func answer(_ request: EventRequest, _ batch: EventBatch) {
        cost += batch.text.readableBytes + settings.answerCost
        let loop = request.follower.eventLoop
        answers[ObjectIdentifier(loop), default: (loop, [])].batches.append((request.follower, batch))
    }

    /// Hands the answers over, in one hop for each event loop.
    func post() {
        for (loop, batches) in answers.values {
            loop.execute {
                for (follower, batch) in batches { follower.take(batch) }
            }
        }
    }
}
