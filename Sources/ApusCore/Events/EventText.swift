import NIOCore

/// A page of the journal on its way to those who follow it: devices are looked up and events are written once, however
/// many read them.
struct EventText {
    private let page: JournalPage
    private let faces: DeviceFaces
    private var json = ByteBuffer()
    private var written: [Range<Int>?]

    init(_ page: JournalPage, _ faces: DeviceFaces) {
        self.page = page
        self.faces = faces
        written = Array(repeating: nil, count: page.events.count)
    }

    /// The first events of the page from behind `after` on that pass the filter.
    mutating func batch(
        _ filter: EventFilter, _ form: EventForm, limit: Int, gap: EventGap?, _ snapshot: any StoreSnapshot
    ) throws -> EventBatch {
        var text = ByteBuffer()
        var count = 0
        var last = page.last
        var oldest: Timestamp?
        for (index, event) in page.events.enumerated() where filter.mayMatch(event) {
            guard let owner = try faces.owner(of: event, snapshot) else { continue }
            guard filter.app == nil || filter.app == owner.app else { continue }
            let range = written[index] ?? write(event, owner, at: index)
            append(range, id: page.id(at: index), form, isFirst: count == 0, to: &text)
            count += 1
            oldest = oldest ?? event.at
            if count == limit {
                last = page.id(at: index)
                break
            }
        }
        return EventBatch(text: text, count: count, last: last, gap: gap, oldest: oldest)
    }

    private func append(
        _ range: Range<Int>, id: EventID, _ form: EventForm, isFirst: Bool, to text: inout ByteBuffer
    ) {
        let event = json.readableBytesView[range]
        switch form {
        case .serverSent:
            text.writeStaticString("id: ")
            text.writeDecimal(id.rawValue)
            text.writeStaticString("\ndata: ")
            text.writeBytes(event)
            text.writeStaticString("\n\n")
        case .json:
            if !isFirst { text.writeStaticString(",") }
            text.writeBytes(event)
        }
    }

    private mutating func write(_ event: StateEvent, _ owner: DeviceFaces.Owner, at index: Int) -> Range<Int> {
        let start = json.writerIndex
        let (id, time) = (page.id(at: index).description, faces.text(of: event.at))
        json.writeJSONObject { object in
            object.member("id", string: id)
            object.member("at", string: time)
            object.member("message", string: event.message.description)
            object.member("app", string: owner.appID)
            object.member("device", string: owner.device?.id)
            object.member("alias", string: owner.device?.alias)
            object.member("state", string: event.kind.name)
            object.member("reason", string: event.reason)
            object.member("route", string: event.route?.rawValue)
            object.member("deliveries", int: event.accepted.map { Int64($0.deliveries) })
        }
        let range = start..<json.writerIndex
        written[index] = range
        return range
    }
}
