/// Gives a vendor messages whose devices it finds by itself, and keeps the jobs that they become.
package struct JobDesk: Sendable {
    private let jobs: any VendorJobs
    private let dispatcher: Dispatcher

    package init(_ jobs: any VendorJobs, dispatcher: Dispatcher) {
        self.jobs = jobs
        self.dispatcher = dispatcher
    }

    /// Sends a message. It is on disk before the vendor has it, for no device that Apus knows of.
    /// - Parameter request: its audience says nothing. With a key that came before, the job is the one of that time.
    /// - Throws: `ApusError` that says what is wrong, or what the vendor answered.
    package func send(_ request: PushRequest, to audience: JobAudience, on platform: Platform) async throws
        -> VendorTask
    {
        var request = request
        request.audience = Audience(.device, [])
        let id = try await dispatcher.send(request).message
        let (record, earlier) = try await dispatcher.query { (try $0.message(id), try $0.tasks(of: id).first) }
        if let earlier { return earlier }
        guard let message = record?.message else { throw ApusError.unknownJob }
        let task = try await jobs.send(message, to: audience, on: platform)
        try await dispatcher.update { try $0.putTask(task) }
        return task
    }

    /// A message's job, as it stood when the vendor was last asked.
    /// - Throws: `ApusError` if there is none.
    package func job(of message: MessageID) async throws -> VendorTask {
        guard let task = try await dispatcher.query({ try $0.tasks(of: message).first }) else {
            throw ApusError.unknownJob
        }
        return task
    }

    /// The job as it stands now, if the vendor tells.
    package func asked(_ task: VendorTask) async throws -> VendorTask {
        guard !task.status.isFinal, let status = await jobs.status(of: task) else { return task }
        var task = task
        task.status = status
        let asked = task
        try await dispatcher.update { try $0.putTask(asked) }
        return asked
    }

    /// Stops a job.
    /// - Parameter act: what the audit says of it.
    /// - Returns: how it stands then.
    /// - Throws: `ApusError` if it is over, or the vendor does not stop it.
    package func cancel(_ task: VendorTask, noting act: AuditAct) async throws -> VendorTask {
        guard !task.status.isFinal else {
            throw ApusError(.conflict, code: "job_over", "The job is over: there is nothing left to cancel.")
        }
        try await jobs.cancel(task)
        try await dispatcher.update(noting: { _ in act }) { _ in }
        return try await asked(task)
    }
}

extension ApusError {
    package static let unknownJob = ApusError(
        .notFound, code: "unknown_job", "There is no message with this id that a vendor does as a job.")
}
