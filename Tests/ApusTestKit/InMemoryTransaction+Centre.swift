import ApusCore

/// The message centre.
extension InMemoryTransaction {
    func centreRow(_ id: Int64) -> CentreRow? { business.rows.first { $0.id == id } }

    func waitingRows(limit: Int) -> [CentreRow] {
        let waiting = business.rows.filter { $0.state == .waiting }
        return Array(waiting.sorted { ($1.level, $0.id) < ($0.level, $1.id) }.prefix(limit))
    }

    func insertRow(_ row: CentreRow, at now: Timestamp) -> Int64 {
        var row = row
        row.id = business.nextID()
        business.rows.append(row)
        return row.id
    }

    func setState(of row: CentreRow, at now: Timestamp) {
        guard let index = business.rows.firstIndex(where: { $0.id == row.id }) else { return }
        business.rows[index].state = row.state
        business.rows[index].result = row.result
        business.rows[index].remark = row.remark
    }

    func nextCentreTime() -> Timestamp? {
        let times =
            business.schedules.filter { $0.state == .waiting }.compactMap(\.next)
            + business.notices.filter { $0.state == .waiting }.map(\.notBefore)
        return times.min()
    }

    // MARK: Schedules

    func schedule(_ id: Int64) -> Schedule? { business.schedules.first { $0.id == id } }

    func schedules(of app: AppNumber?, before: Int64?, limit: Int) -> [Schedule] {
        let matching = business.schedules.filter { $0.id < before ?? .max && (app == nil || $0.row.app == app) }
        return Array(matching.sorted { $0.id > $1.id }.prefix(limit))
    }

    func dueSchedules(at now: Timestamp, limit: Int) -> [Schedule] {
        let due = business.schedules.filter { $0.state == .waiting && $0.next.map { $0 <= now } ?? false }
        return Array(due.sorted { ($0.next ?? now, $0.id) < ($1.next ?? now, $1.id) }.prefix(limit))
    }

    func insertSchedule(_ schedule: Schedule) -> Int64 {
        var schedule = schedule
        schedule.id = business.nextID()
        schedule.appID = appList.first { $0.number == schedule.row.app }?.id ?? ""
        business.schedules.append(schedule)
        return schedule.id
    }

    func update(_ schedule: Schedule) {
        guard let index = business.schedules.firstIndex(where: { $0.id == schedule.id }) else { return }
        business.schedules[index].next = schedule.next
        business.schedules[index].state = schedule.state
        business.schedules[index].lastRow = schedule.lastRow
    }

    func removeOldSchedules(before time: Timestamp, limit: Int) {
        business.schedules.removeAll { $0.state != .waiting && $0.createdAt < time }
    }

    // MARK: Notices

    func notices(of row: Int64) -> NoticeCounts {
        var counts = NoticeCounts()
        for notice in business.notices where notice.row == row {
            switch notice.state {
            case .sent: counts.sent += 1
            case .failed: counts.failed += 1
            case .waiting, .sending: counts.open += 1
            case .cancelled: break
            }
        }
        return counts
    }

    private func index(of notice: Notice) -> Int? {
        business.notices.firstIndex { $0.row == notice.row && $0.userNumber == notice.userNumber }
    }

    func insert(_ notices: [Notice]) {
        for notice in notices {
            guard let index = index(of: notice) else {
                business.notices.append(notice)
                continue
            }
            guard business.notices[index].state == .failed else { continue }
            var again = notice
            again.mayBeRepeated = business.notices[index].mayBeRepeated
            business.notices[index] = again
        }
    }

    func claimNotices(
        _ mode: NotificationMode, at now: Timestamp, limit: Int, share: (AppNumber) -> Int
    ) -> [Notice] {
        var left: [AppNumber: Int] = [:]
        let due = business.notices.filter { $0.mode == mode && $0.state == .waiting && $0.notBefore <= now }
        let claimed = due.sorted(by: Notice.isMoreUrgent).filter { notice in
            left[notice.app, default: share(notice.app)] -= 1
            return left[notice.app, default: 0] >= 0
        }
        return claimed.prefix(limit).map {
            var claimed = $0
            claimed.state = .sending
            claimed.attempts += 1
            update(claimed)
            return claimed
        }
    }

    func notice(of row: Int64, user number: String) -> Notice? {
        business.notices.first { $0.row == row && $0.userNumber == number }
    }

    func update(_ notice: Notice) {
        guard let index = index(of: notice) else { return }
        business.notices[index].state = notice.state
        business.notices[index].attempts = notice.attempts
        business.notices[index].notBefore = notice.notBefore
        business.notices[index].mayBeRepeated = notice.mayBeRepeated
        business.notices[index].reason = notice.reason
    }

    func releaseInterruptedNotices() -> Int {
        let interrupted = business.notices.indices.filter { business.notices[$0].state == .sending }
        for index in interrupted {
            let row = business.notices[index].row
            business.notices[index].state = row < 0 && isStopped(step: -row) ? .cancelled : .waiting
            business.notices[index].mayBeRepeated = true
        }
        return interrupted.count
    }

    // MARK: Dead letters

    func insert(_ letter: DeadLetter) {
        var letter = letter
        letter.id = business.nextID()
        business.letters.append(letter)
    }

    func deadLetters(before: Int64?, limit: Int) -> [DeadLetter] {
        Array(business.letters.filter { $0.id < before ?? .max }.sorted { $0.id > $1.id }.prefix(limit))
    }

    func deadLetter(_ id: Int64) -> DeadLetter? { business.letters.first { $0.id == id } }

    func removeDeadLetters(of row: Int64) { business.letters.removeAll { $0.row == row } }

    func removeDeadLetter(_ id: Int64) -> DeadLetter? {
        guard let index = business.letters.firstIndex(where: { $0.id == id }) else { return nil }
        return business.letters.remove(at: index)
    }
}
