import ApusAPNs
import ApusCore
import NIOCore
import Testing

@Suite("An APNs payload")
struct APNsPayloadTests {
    private func text(_ payload: APNsPayload) throws -> String { String(buffer: try payload.encoded()) }

    private func fields(_ payload: APNsPayload) -> [String] {
        do {
            _ = try payload.encoded()
            return []
        } catch {
            return error.fields.map(\.name)
        }
    }

    @Test("with nothing but a text is short")
    func text() throws {
        #expect(try text(APNsPayload(alert: "Hi \"you\"\n")) == #"{"aps":{"alert":"Hi \"you\"\n"}}"#)
    }

    @Test("has all of an alert's parts")
    func alert() throws {
        var alert = APNsAlert(title: "T", subtitle: "S", body: "B")
        alert.launchImage = "i.png"
        alert.action = "Open"
        alert.actionKey = "OPEN"
        alert.summaryArgument = "Ann"
        alert.summaryArgumentCount = 2
        #expect(
            try text(APNsPayload(alert: alert))
                == #"{"aps":{"alert":{"title":"T","subtitle":"S","body":"B","launch-image":"i.png","action":"Open","#
                + #""action-loc-key":"OPEN","summary-arg":"Ann","summary-arg-count":2}}}"#)
    }

    @Test("can leave the words to the app")
    func localized() throws {
        let alert = APNsAlert(
            title: .localized(key: "TITLE", arguments: ["Ann"]), subtitle: .localized(key: "SUB"),
            body: .localized(key: "BODY", arguments: ["1", "2"]))
        #expect(
            try text(APNsPayload(alert: alert))
                == #"{"aps":{"alert":{"title-loc-key":"TITLE","title-loc-args":["Ann"],"subtitle-loc-key":"SUB","#
                + #""loc-key":"BODY","loc-args":["1","2"]}}}"#)
    }

    @Test("has every member of the dictionary")
    func members() throws {
        var payload = APNsPayload()
        payload.badge = 0
        payload.sound = .named("bell.caf")
        payload.threadID = "t"
        payload.category = "c"
        payload.isContentAvailable = true
        payload.isMutable = true
        payload.targetContentID = "w"
        payload.interruptionLevel = .timeSensitive
        payload.relevanceScore = 0.5
        payload.filterCriteria = "f"
        payload.urlArguments = ["a", "b"]
        payload.custom = [.init("order", json: #"{"id":[42]}"#), .init("from \"x\"", string: "Ann\t")]
        #expect(
            try text(payload)
                == #"{"aps":{"badge":0,"sound":"bell.caf","thread-id":"t","category":"c","content-available":1,"#
                + #""mutable-content":1,"target-content-id":"w","interruption-level":"time-sensitive","#
                + #""relevance-score":0.5,"filter-criteria":"f","url-args":["a","b"]},"#
                + #""order":{"id":[42]},"from \"x\"":"Ann\t"}"#)
    }

    @Test("can sound although the device is muted")
    func critical() throws {
        var payload = APNsPayload()
        payload.sound = .critical(volume: 0.25)
        payload.interruptionLevel = .critical
        #expect(
            try text(payload) == #"{"aps":{"sound":{"critical":1,"name":"default","volume":0.25},"#
                + #""interruption-level":"critical"}}"#)
        payload.sound = .standard
        payload.interruptionLevel = nil
        #expect(try text(payload) == #"{"aps":{"sound":"default"}}"#)
    }

    @Test("can be silent, or be for widgets")
    func silent() throws {
        #expect(try text(.silent) == #"{"aps":{"content-available":1}}"#)
        #expect(try text(.contentChanged) == #"{"aps":{"content-changed":true}}"#)
    }

    @Test("starts, changes and ends a Live Activity")
    func liveActivity() throws {
        var payload = APNsPayload(alert: "Go")
        var activity = APNsLiveActivity(
            event: .start, timestamp: Timestamp(milliseconds: 1_700_000_000_999), contentState: #"{"score":1}"#)
        activity.staleDate = Timestamp(milliseconds: 1_700_000_060_000)
        activity.attributesType = "Game"
        activity.attributes = #"{"home":"A"}"#
        activity.wantsPushToken = true
        activity.channel = "dHN0"
        payload.liveActivity = activity
        payload.relevanceScore = 75
        #expect(
            try text(payload)
                == #"{"aps":{"alert":"Go","relevance-score":75.0,"timestamp":1700000000,"event":"start","#
                + #""content-state":{"score":1},"stale-date":1700000060,"attributes-type":"Game","#
                + #""attributes":{"home":"A"},"input-push-token":1,"input-push-channel":"dHN0"}}"#)

        var end = APNsLiveActivity(event: .end, timestamp: Timestamp(milliseconds: 1000))
        end.dismissalDate = Timestamp(milliseconds: 2000)
        payload = APNsPayload()
        payload.liveActivity = end
        #expect(try text(payload) == #"{"aps":{"timestamp":1,"event":"end","dismissal-date":2}}"#)
    }

    @Test("names all that is wrong in one answer")
    func errors() {
        var payload = APNsPayload()
        payload.badge = -1
        payload.sound = .critical(volume: 1.5)
        payload.relevanceScore = .nan
        payload.custom = [
            .init("aps", json: "1"), .init("a", json: "{"), .init("b", json: "1"), .init("b", json: "1 2"),
        ]
        #expect(fields(payload) == ["sound.volume", "badge", "relevance-score", "aps", "a", "b", "b"])
    }

    @Test("a Live Activity must have what its event needs")
    func wrongActivity() {
        var payload = APNsPayload()
        payload.liveActivity = APNsLiveActivity(
            event: .start, timestamp: Timestamp(milliseconds: 0), contentState: "[]")
        #expect(fields(payload) == ["attributes", "content-state"])
        payload.liveActivity = APNsLiveActivity(event: .update, timestamp: Timestamp(milliseconds: 0))
        #expect(fields(payload) == ["content-state"])
        payload.relevanceScore = .infinity
        payload.liveActivity = APNsLiveActivity(
            event: .update, timestamp: Timestamp(milliseconds: 0), contentState: " {}")
        #expect(fields(payload) == ["relevance-score"])
    }
}
