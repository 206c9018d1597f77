import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connection to a mail server, by libcurl. It is made when it is needed and used again as long as it lasts; between
/// two mails it rests, and a server that closes it meanwhile does no harm.
// SAFETY: used on its mailer's queue only, one call at a time.
final class SMTPConnection: @unchecked Sendable {
    struct Limits {
        /// Milliseconds until it is connected, TLS and all.
        var connectTime = 15_000
        /// Milliseconds from the start to the end of a mail.
        var mailTime = 60_000
        /// Mails after which a new connection is made, as servers want it.
        var mails = 100
    }

    private let settings: SMTPSettings
    private let limits: Limits
    private var handle: UnsafeMutableRawPointer?
    /// Where curl says what went wrong.
    private let reason = UnsafeMutableBufferPointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// On the connection that rests.
    private var mails = 0

    /// libcurl wants that once in a process.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

    init(_ settings: SMTPSettings, _ limits: Limits) {
        self.settings = settings
        self.limits = limits
        handle = Self.isReady ? curl_easy_init() : nil
        reason.initialize(repeating: 0)
    }

    deinit {
        close()
        reason.deallocate()
    }

    /// Ends the connection that rests, if there is one. Nothing can be sent after that.
    func close() {
        guard let handle else { return }
        // It says QUIT, and would wait two minutes for the answer.
        var socket = CURL_SOCKET_BAD
        ccurl_get_socket(handle, CURLINFO_ACTIVESOCKET, &socket)
        if socket != CURL_SOCKET_BAD { shutdown(socket, Int32(SHUT_RD)) }
        curl_easy_cleanup(handle)
        self.handle = nil
    }

    /// Sends a mail and waits for the answer. What failed on a connection that had rested is tried once more on a new one.
    func send(_ mail: MailMessage, encoded: String, isCancelled: @escaping () -> Bool) -> SMTPAttempt {
        while true {
            let wasUsed = mails > 0
            let transfer = SMTPTransfer(encoded, isCancelled: isCancelled)
            let attempt = attempt(mail, transfer)
            mails = attempt.end == .done ? (mails + 1) % limits.mails : 0
            guard wasUsed, attempt.mayRetryAtOnce else { return attempt }
        }
    }

    private func attempt(_ mail: MailMessage, _ transfer: SMTPTransfer) -> SMTPAttempt {
        guard let handle else { return SMTPAttempt(end: .noConnection, reply: nil, isAllSent: false) }
        // Options go, the connection stays.
        curl_easy_reset(handle)
        let receivers = curl_slist_append(nil, mail.to.address)
        defer { curl_slist_free_all(receivers) }
        ccurl_set_list(handle, CURLOPT_MAIL_RCPT, receivers)
        setServer(handle)
        ccurl_set_text(handle, CURLOPT_MAIL_FROM, mail.from.address)
        ccurl_set_long(handle, CURLOPT_UPLOAD, 1)
        ccurl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(transfer.size))
        ccurl_set_long(handle, CURLOPT_FORBID_REUSE, mails + 1 >= limits.mails ? 1 : 0)
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        ccurl_set_data_callback(handle, CURLOPT_READFUNCTION, readMail)
        ccurl_set_pointer(handle, CURLOPT_READDATA, context)
        ccurl_set_data_callback(handle, CURLOPT_HEADERFUNCTION, takeReply)
        ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        ccurl_set_progress_callback(handle, watchProgress)
        ccurl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
        ccurl_set_long(handle, CURLOPT_NOPROGRESS, 0)
        let result = withExtendedLifetime(transfer) { curl_easy_perform(handle) }
        let end = SMTPAttempt.End(result, transfer)
        return SMTPAttempt(
            end: end, reply: transfer.lastReply, isAllSent: transfer.isAllSent,
            reason: ForeignText.phrase(reason.baseAddress.map { String(cString: $0) } ?? ""))
    }

    private func setServer(_ handle: UnsafeMutableRawPointer) {
        reason[0] = 0
        ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, reason.baseAddress)
        ccurl_set_text(handle, CURLOPT_URL, settings.url)
        ccurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        // Not what the environment of the process says.
        ccurl_set_text(handle, CURLOPT_PROXY, "")
        ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, limits.connectTime)
        ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, limits.mailTime)
        // Also after what counts as the transfer, when it says QUIT.
        ccurl_set_long(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, (limits.mailTime + 999) / 1000)
        ccurl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        let security = settings.security == .opportunistic ? CURLUSESSL_TRY : CURLUSESSL_ALL
        if settings.security != .none { ccurl_set_long(handle, CURLOPT_USE_SSL, Int(security.rawValue)) }
        if let caFile = settings.caFile { ccurl_set_text(handle, CURLOPT_CAINFO, caFile) }
        if let login = settings.login {
            ccurl_set_text(handle, CURLOPT_USERNAME, login.username)
            ccurl_set_text(handle, CURLOPT_PASSWORD, login.password)
            // Of what a server offers, curl would try Kerberos first.
            ccurl_set_text(handle, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN")
        }
    }
}

extension SMTPAttempt.End {
    fileprivate init(_ result: CURLcode, _ transfer: SMTPTransfer) {
        switch result {
        case CURLE_OK: self = .done
        case CURLE_COULDNT_RESOLVE_HOST: self = .nameUnknown
        case CURLE_COULDNT_CONNECT: self = .noConnection
        case CURLE_USE_SSL_FAILED, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            self = .noTLS
        case CURLE_LOGIN_DENIED: self = .noLogin
        case CURLE_REMOTE_ACCESS_DENIED: self = .greetingRefused
        case CURLE_WEIRD_SERVER_REPLY where !transfer.isAllSent: self = .greetingRefused
        case CURLE_WEIRD_SERVER_REPLY: self = .refused
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_ABORTED_BY_CALLBACK: self = .cancelled
        // Of a command; but a connection that breaks while it is sent is told so, too.
        case CURLE_SEND_ERROR where transfer.lastReply?.isRefusal == true: self = .refused
        default: self = .broken
        }
    }
}

// MARK: What curl calls

private func transfer(_ context: UnsafeMutableRawPointer?) -> SMTPTransfer? {
    context.map { Unmanaged<SMTPTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private func readMail(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    transfer(context)?.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func takeReply(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    transfer(context)?.received(String(decoding: line, as: UTF8.self))
    return size * count
}

/// - Returns: not 0 if the mail is to be broken off. It is called about once a second.
private func watchProgress(
    _ context: UnsafeMutableRawPointer?, _: curl_off_t, _: curl_off_t, _: curl_off_t, _: curl_off_t
) -> Int32 {
    transfer(context)?.mustStop == true ? 1 : 0
}
