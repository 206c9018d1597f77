import ApusCore

/// Users, their devices and their pushes.
extension InMemoryTransaction {
    func user(_ number: String) -> BusinessUser? { business.users.first { $0.number == number } }

    func users(after: String?, limit: Int) -> [BusinessUser] {
        let following = business.users.filter { (after ?? "").utf8.lexicographicallyPrecedes($0.number.utf8) }
        return Array(following.sorted { $0.number.utf8.lexicographicallyPrecedes($1.number.utf8) }.prefix(limit))
    }

    func removeTokens(ofUser number: String) {
        business.tokens = business.tokens.filter { $0.value.bearer.userNumber != number }
    }

    func bearer(of token: SecretHash, at now: Timestamp) -> TokenBearer? {
        guard let entry = business.tokens[token], entry.expiresAt > now,
            user(entry.bearer.userNumber)?.isActive ?? false
        else { return nil }
        return entry.bearer
    }

    func usersWithClearPassword(limit: Int) -> [BusinessUser] {
        Array(business.users.filter { !$0.password.isEmpty && !$0.password.hasPrefix("scrypt$") }.prefix(limit))
    }

    func putUser(_ user: BusinessUser, at now: Timestamp) {
        var user = user
        if let index = business.users.firstIndex(where: { $0.number == user.number }) {
            user.id = business.users[index].id
            business.users[index] = user
        } else {
            user.id = business.nextID()
            business.users.append(user)
        }
    }

    func setPassword(_ hash: String, ofUser number: String, at now: Timestamp) {
        guard let index = business.users.firstIndex(where: { $0.number == number }) else { return }
        business.users[index].password = hash
    }

    func record(_ signIn: SignIn, at now: Timestamp) {
        business.tokens[signIn.token] = (
            TokenBearer(userNumber: signIn.userNumber, app: signIn.app), now, signIn.expiresAt
        )
        let own = business.tokens.filter { $0.value.bearer.userNumber == signIn.userNumber }
        for token in own.sorted(by: { $0.value.createdAt > $1.value.createdAt }).dropFirst(20) {
            business.tokens[token.key] = nil
        }
    }

    func removeExpiredTokens(at now: Timestamp) {
        business.tokens = business.tokens.filter { $0.value.expiresAt > now }
    }

    // MARK: Devices

    func logIn(_ login: DeviceLogin, newID: String, at now: Timestamp) -> LoggedIn {
        var index = business.devices.lastIndex {
            $0.login.uuid == login.uuid && app(of: $0) ?? login.registration.app == login.registration.app
        }
        if index == nil {
            business.devices.append(InMemoryBusiness.SystemDevice(id: business.nextID(), login: login, link: nil))
            index = business.devices.count - 1
        }
        guard let index else { preconditionFailure("a device was just added") }
        business.devices[index].login = login
        let (id, former) = (business.devices[index].id, business.devices[index].link?.device)
        endLogins(on: id, except: login.userNumber)
        let userDevice = putLogin(of: login.userNumber, on: id)
        if let former, let own = deviceList.firstIndex(where: { $0.number == former }) {
            let token = login.registration.nativeToken
            let isTaken = deviceList.contains { $0.nativeToken == token && $0.app == login.registration.app }
            if !isTaken {
                deviceList[own].nativeToken = token
            } else if deviceList[own].nativeToken != token {
                deviceList[own].isActive = false
            }
        }
        let device = register(login.registration, newID: newID, at: now)
        for other in business.devices.indices where other != index {
            guard business.devices[other].link?.device == device.number else { continue }
            business.devices[other].link = nil
            endLogins(on: business.devices[other].id, except: nil)
        }
        business.devices[index].link = (device.number, login.pushToken, login.pushPlatform)
        return LoggedIn(userDevice: userDevice, device: device, former: former == device.number ? nil : former)
    }

    private func endLogins(on device: Int64, except user: String?) {
        for index in business.userDevices.indices
        where business.userDevices[index].device == device && business.userDevices[index].user != user {
            business.userDevices[index].isLoggedIn = false
        }
    }

    private func putLogin(of user: String, on device: Int64) -> Int64 {
        if let index = business.userDevices.lastIndex(where: { $0.device == device && $0.user == user }) {
            business.userDevices[index].isLoggedIn = true
            return business.userDevices[index].id
        }
        let id = business.nextID()
        business.userDevices.append(
            InMemoryBusiness.UserDevice(id: id, user: user, device: device, isLoggedIn: true))
        return id
    }

    /// The app whose device the installation has.
    private func app(of device: InMemoryBusiness.SystemDevice) -> AppNumber? {
        deviceList.first { $0.number == device.link?.device }?.app
    }

    func logOut(_ userDevice: Int64, of user: String, for app: AppNumber, at now: Timestamp) -> [DeviceNumber]? {
        guard let login = business.userDevices.first(where: { $0.id == userDevice && $0.user == user }) else {
            return nil
        }
        let installation = business.devices.first { $0.id == login.device }
        guard installation.flatMap({ self.app(of: $0) }) ?? app == app else { return nil }
        endLogins(on: login.device, except: nil)
        guard let device = installation?.link?.device,
            let index = deviceList.firstIndex(where: { $0.number == device })
        else { return [] }
        deviceList[index].isActive = false
        return [device]
    }

    func unlinkedLogins(app: AppNumber, limit: Int) -> [DeviceLogin] { [] }

    // MARK: Pushes

    func insertPush(_ push: BusinessPush, at now: Timestamp) -> Int64 {
        if let earlier = business.pushes.first(where: { $0.message == push.message }) { return earlier.id }
        var push = push
        push.id = business.nextID()
        for (key, _) in deliveries where key.message == push.message {
            guard let device = deviceList.first(where: { $0.number == key.device }) else { continue }
            let link = business.devices.first { $0.link?.device == device.number }?.link
            let token = link.flatMap { $0.token.isEmpty ? nil : $0.token } ?? device.nativeToken
            if device.platform == .ios { push.ios.add(token) }
            if device.platform == .android { push.android.add(token) }
        }
        business.pushes.append(push)
        return push.id
    }

    func businessPush(_ id: Int64) -> BusinessPush? {
        guard var push = business.pushes.first(where: { $0.id == id }), let message = push.message else { return nil }
        let standings = standings(of: message)
        for (platform, member) in [(Platform.ios, \BusinessPush.ios), (.android, \.android)] {
            if let task = taskList.last(where: { $0.message == message && $0.platform == platform }) {
                push[keyPath: member].taskID = task.id
                push[keyPath: member].result = task.status.result
                push[keyPath: member].status = task.status.status
                push[keyPath: member].response = task.status.response
            } else {
                push[keyPath: member].result = (standings[platform] ?? PushStanding()).result
                push[keyPath: member].status = (standings[platform] ?? PushStanding()).text
            }
        }
        return push
    }

    private func standings(of message: MessageID) -> [Platform: PushStanding] {
        var standings: [Platform: PushStanding] = [:]
        for (key, entry) in deliveries where key.message == message {
            guard let platform = deviceList.first(where: { $0.number == key.device })?.platform else { continue }
            standings[platform, default: PushStanding()].add(
                entry.delivery.state, entry.delivery.end, isOpen: entry.delivery.isOpen)
        }
        return standings
    }

    func openPushes(before: MessageID?, limit: Int) -> [OpenPush] {
        let open = business.pushes.compactMap { push -> OpenPush? in
            guard let message = push.message, !business.closed.contains(push.id), before.map({ message < $0 }) ?? true
            else { return nil }
            return OpenPush(
                message: message, push: push.id,
                standings: messages[message] == nil ? nil : standings(of: message),
                hasOpenTasks: taskList.contains { $0.message == message && !$0.status.isFinal })
        }
        return Array(open.sorted { $0.message > $1.message }.prefix(limit))
    }

    func refresh(_ pushes: [OpenPush], at now: Timestamp) {
        // How they stand is looked up when somebody asks.
        business.closed.formUnion(pushes.filter(\.isOver).map(\.push))
    }

    func importRow(_ row: ImportedRow, at now: Timestamp) -> ImportedRow.Outcome {
        if let problem = row.problem { return .refused(reason: problem) }
        guard let id = row["id"] else { return .refused(reason: "it has no id") }
        if let there = business.imported.first(where: { $0.table == row.table && $0["id"] == id }) {
            let isSame = row.table.key.allSatisfy { there[$0] == row[$0] }
            return isSame ? .alreadyThere : .refused(reason: "another row has the id \(id)")
        }
        business.imported.append(row)
        if row.table == .users {
            putUser(
                BusinessUser(
                    number: row["user_num"] ?? "", name: row["user_name"] ?? "", password: row["user_pass"] ?? "",
                    email: row["email"] ?? "", mobile: row["mobile"] ?? "", isActive: row["active_flag"] != "0"),
                at: now)
        }
        return .taken
    }
}

extension PlatformPush {
    fileprivate mutating func add(_ token: String) {
        tokens = tokens.isEmpty ? token : tokens + "," + token
    }
}
