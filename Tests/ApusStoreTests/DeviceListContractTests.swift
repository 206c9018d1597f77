import ApusCore
import ApusTestKit
import Testing

@Suite("MessageStore, finding and forgetting devices")
struct DeviceListContractTests {
    @Test("devices are found by everything that is given", arguments: StoreUnderTest.allCases)
    func filters(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let (one, two) = (try fixture.app("one"), try fixture.app("two"))
            let ann = try fixture.device(one, "ann", token: "1", platform: .ios, tenant: "t", tags: ["red", "blue"])
            let ben = try fixture.device(one, "ben", token: "2", tags: ["red"])
            let alsoAnn = try fixture.device(two, "ann", token: "3", tags: ["red"])
            let all = [ann, ben, alsoAnn]
            let cases: [(DeviceFilter, [Device])] = [
                (DeviceFilter(), all), (DeviceFilter(appID: "one"), [ann, ben]), (DeviceFilter(appID: "none"), []),
                (DeviceFilter(alias: "ann"), [ann, alsoAnn]), (DeviceFilter(appID: "one", alias: "ann"), [ann]),
                (DeviceFilter(tag: "red"), all), (DeviceFilter(appID: "one", tag: "red"), [ann, ben]),
                (DeviceFilter(appID: "one", alias: "ann", tag: "red"), [ann]),
                (DeviceFilter(alias: "ben", tag: "blue"), []), (DeviceFilter(platform: .ios), [ann]),
                (DeviceFilter(appID: "one", platform: .android), [ben]), (DeviceFilter(tenant: "t"), [ann]),
                (DeviceFilter(appID: "one", tenant: ""), [ben]), (DeviceFilter(tag: "re"), []),
            ]
            for (filter, expected) in cases {
                let found = try fixture.store.read { try $0.devices(filter, after: nil, limit: 10) }
                #expect(found.map(\.id) == expected.map(\.id), "\(filter)")
                let after = try fixture.store.read { try $0.devices(filter, after: ann.number, limit: 1) }
                #expect(after.map(\.id) == expected.filter { $0.id != ann.id }.prefix(1).map(\.id), "\(filter)")
                let among = try fixture.store.read {
                    try $0.devices(filter, among: [alsoAnn.number, ann.number, DeviceNumber(99)], limit: 5)
                }
                #expect(
                    among.map(\.id) == [alsoAnn.id, ann.id].filter { expected.map(\.id).contains($0) }, "\(filter)")
            }
            let none = try fixture.store.read { try $0.devices(DeviceFilter(), among: [], limit: 2) }
            #expect(none.isEmpty)
            let first = try fixture.store.read {
                try $0.devices(DeviceFilter(), among: all.map(\.number), limit: 2)
            }
            #expect(first.map(\.tags) == [["blue", "red"], ["red"]])
        }
    }

    @Test("an app's tags are counted, without devices that are unregistered", arguments: StoreUnderTest.allCases)
    func tags(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let (one, two) = (try fixture.app("one"), try fixture.app("two"))
            _ = try fixture.device(one, "ann", tags: ["a", "b"])
            let ben = try fixture.device(one, "ben", tags: ["b", "c"])
            _ = try fixture.device(two, "cid", tags: ["a", "z"])
            try fixture.store.write { _ = try $0.deactivate(deviceID: ben.id, at: fixture.clock.now) }
            let tags = { (after: String?, limit: Int) in
                try fixture.store.read { try $0.tags(of: one.number, after: after, limit: limit) }
            }
            let all = [TagCount(tag: "a", devices: 1), TagCount(tag: "b", devices: 1), TagCount(tag: "c", devices: 0)]
            #expect(try tags(nil, 10) == all)
            #expect(try tags(nil, 1) == [all[0]])
            #expect(try tags("a", 10) == [all[1], all[2]])
        }
    }

    @Test("a device that is removed leaves nothing but its deliveries", arguments: StoreUnderTest.allCases)
    func remove(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann", token: "secret", tags: ["red"])
            let done = try fixture.send(app, to: Audience(.all))
            _ = try fixture.apply(.sent(done.id, ann.number, .webSocket, at: fixture.clock.now))
            let open = try fixture.send(app, to: Audience(.all))
            var removed: [Device?] = []
            try fixture.store.write { transaction in
                for _ in 0..<2 { removed.append(try transaction.removeDevice(id: ann.id, at: fixture.clock.now)) }
            }
            #expect(removed.map { $0?.id } == [ann.id, nil])
            #expect(try fixture.delivery(open, ann)?.end == .failed("device.deleted"))
            #expect(try fixture.delivery(done, ann)?.state == .sent)
            let record = try #require(try fixture.store.read { try $0.delivery(of: done.id, to: ann.number) })
            #expect(record.alias.isEmpty && record.deviceID != ann.id)
            #expect(try fixture.store.read { try $0.device(id: ann.id) } == nil)
            #expect(try fixture.store.read { try $0.device(id: record.deviceID) } == nil)
            #expect(try fixture.store.read { try $0.device(withToken: "secret", of: app.number) } == nil)
            for filter in [
                DeviceFilter(), DeviceFilter(appID: app.id), DeviceFilter(tag: "red"), DeviceFilter(alias: ""),
            ] {
                #expect(try fixture.store.read { try $0.devices(filter, after: nil, limit: 10) }.isEmpty)
            }
            #expect(try fixture.store.read { try $0.isActive(ann.number) } == false)
            let again = try fixture.device(app, "ann", token: "secret")
            #expect(again.number != ann.number && again.id != ann.id)
        }
    }
}
