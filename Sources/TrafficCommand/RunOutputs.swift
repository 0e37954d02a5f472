import TCPEngine

/// What a run writes besides its report, while it runs: the capture and the connection records. A channel for each worker.
final class RunOutputs<Record: FileRecord> {
  private let captureChannels: [UnsafeMutablePointer<CaptureChannel>]
  private let recordChannels: [UnsafeMutablePointer<RecordChannel<Record>>]
  private let capture: CaptureWriter?
  private let records: RecordWriter<Record>?

  /// Frames and records that may wait for the writers, of each worker.
  private static var captureCapacity: Int { 4096 }
  private static var recordCapacity: Int { 1 << 20 }

  /// Opens the files, so that a name that will not do is noticed at once.
  init(_ basis: RunBasis) throws {
    let output = basis.settings.output
    let workers = 0..<basis.workers
    let captureChannels = output.pcap == nil ? [] : workers.map { _ in Self.allocated(CaptureChannel(capacity: Self.captureCapacity)) }
    let recordChannels =
      basis.settings.engine.detailedRecords ? workers.map { _ in Self.allocated(RecordChannel<Record>(capacity: Self.recordCapacity)) } : []
    self.captureChannels = captureChannels
    self.recordChannels = recordChannels
    do throws(OutputError) {
      capture = try Self.capture(basis, captureChannels.map { UnsafePointer($0) })
      records = try Self.records(basis, recordChannels.map { UnsafePointer($0) })
    } catch {
      throw CommandFailure(.notStarted, error.description)
    }
  }

  deinit {
    // A run that could not start has not finished them, and they read the channels.
    _ = finish()
    for channel in captureChannels { Self.release(channel) }
    for channel in recordChannels { Self.release(channel) }
  }

  /// Starts the writers, as soon as nothing keeps the workers from starting.
  func start() {
    capture?.start()
    records?.start()
  }

  /// The worker's channels; nil for what is not written.
  func captureChannel(_ worker: Int) -> UnsafePointer<CaptureChannel>? {
    captureChannels.isEmpty ? nil : UnsafePointer(captureChannels[worker])
  }

  func recordChannel(_ worker: Int) -> UnsafePointer<RecordChannel<Record>>? {
    recordChannels.isEmpty ? nil : UnsafePointer(recordChannels[worker])
  }

  /// Writes what still waits and closes the files. The workers have ended.
  func finish() -> WrittenOutputs {
    var written = WrittenOutputs()
    if let capture { written.capture = capture.finish() }
    if let records { written.records = records.finish() }
    written.recordCPUSeconds = records?.cpuSeconds ?? 0
    return written
  }

  private static func capture(_ basis: RunBasis, _ channels: [UnsafePointer<CaptureChannel>]) throws(OutputError) -> CaptureWriter? {
    guard let path = basis.settings.output.pcap else { return nil }
    return try CaptureWriter(
      path: path, channels: channels, limit: basis.settings.output.pcapCount, ticksPerSecond: basis.ticksPerSecond,
      startTicks: basis.startTicks, startNanoseconds: basis.startNanoseconds)
  }

  private static func records(_ basis: RunBasis, _ channels: [UnsafePointer<RecordChannel<Record>>]) throws(OutputError) -> RecordWriter<
    Record
  >? {
    guard !channels.isEmpty else { return nil }
    return try RecordWriter(
      path: basis.settings.output.recordsFile, channels: channels, ticksPerSecond: basis.ticksPerSecond, startTicks: basis.startTicks,
      startNanoseconds: basis.startNanoseconds)
  }

  private static func allocated<T: ~Copyable>(_ value: consuming T) -> UnsafeMutablePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }

  private static func release<T: ~Copyable>(_ pointer: UnsafeMutablePointer<T>) {
    pointer.deinitialize(count: 1)
    pointer.deallocate()
  }
}
