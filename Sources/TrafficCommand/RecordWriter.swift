import Glibc
import TCPEngine

/// Writes the workers' records to a file while the run goes on, on a thread of its own.
///
/// Workers do not wait for it: a record that finds its ring full is lost and counted there. It therefore never stops taking records, not
/// even when the file fails.
final class RecordWriter<Record: FileRecord>: @unchecked Sendable {
  private let path: String
  private let channels: [UnsafePointer<RecordChannel<Record>>]
  private let time: RunTime
  private let file: OutputFile
  private let thread = WriterThread()
  private var errorNumber: Int32 = 0
  private var written = 0
  private var lost = 0
  /// Fewer than these are left to a worker that goes on: it would make one more for each that is written.
  private static var few: Int { 64 }
  /// As many as this are not kept waiting for more.
  private static var many: Int { 1 << 14 }
  /// No more than these of a worker before others have their turn.
  private static var most: Int { 1 << 16 }

  /// Opens the file, or creates it.
  ///
  /// - Parameters:
  ///   - channels: the workers'; must outlive the writer.
  ///   - startTicks: the run's start on its clock of `ticksPerSecond`.
  ///   - startNanoseconds: the run's start in Unix time; 0: the clock is manual.
  init(
    path: String, channels: [UnsafePointer<RecordChannel<Record>>], ticksPerSecond: Double, startTicks: UInt64, startNanoseconds: UInt64
  ) throws(OutputError) {
    self.path = path
    self.channels = channels
    time = RunTime(ticksPerSecond: ticksPerSecond, startTicks: startTicks, startNanoseconds: startNanoseconds)
    file = try OutputFile(path: path)
  }

  /// Begins to write.
  func start() { thread.start { [self] in writeAll($0) } }

  /// Writes what is left and closes the file; a second call says the same. To be called when all workers have ended.
  ///
  /// - Returns: records that are whole in the file, and those that are not.
  func finish() -> WrittenFile {
    thread.finish()
    let (all, missing) = (NumberText.grouped(UInt64(written + lost)), NumberText.grouped(UInt64(lost)))
    let problem =
      errorNumber == 0 ? nil : OutputError(path, "\(missing) of \(all) records could not be written: ", errorNumber: errorNumber)
    return WrittenFile(count: written, missing: lost, problem: problem?.description)
  }

  /// Processor time of the thread so far.
  var cpuSeconds: Double { thread.cpuSeconds }

  private func writeAll(_ thread: WriterThread) {
    RecordFile.header(time, of: Record.self).withUnsafeBytes { _ = write($0) }
    while true {
      let ending = thread.isStopping
      var taken = 0
      for channel in channels { taken = max(taken, drain(channel, toTheLast: ending)) }
      if ending { break }
      // Few large writes cost less than many small ones.
      if taken < Self.many { thread.pause(microseconds: 1_000) }
    }
    close()
  }

  /// Writes what a channel holds, all of it if `toTheLast`, for which its worker must have ended. How many records that were.
  private func drain(_ channel: UnsafePointer<RecordChannel<Record>>, toTheLast: Bool) -> Int {
    var taken = 0
    while taken < Self.most || toTheLast {
      if toTheLast { channel.pointee.queue.flush() }
      let run = channel.pointee.queue.readable()
      if run.isEmpty { break }
      let records = write(UnsafeRawBufferPointer(run)) / Record.length
      written += records
      lost += run.count - records
      channel.pointee.queue.consume(run.count)
      taken += run.count
      if run.count < Self.few, !toTheLast { break }
    }
    return taken
  }

  /// Octets written: all, until the file fails.
  private func write(_ octets: UnsafeRawBufferPointer) -> Int {
    guard errorNumber == 0 else { return 0 }
    let result = file.write(octets)
    errorNumber = result.errorNumber
    return result.written
  }

  private func close() {
    // Half a record would be of no use to anybody.
    if errorNumber != 0 { file.truncate(to: RecordFile.headerLength + written * Record.length) }
    let result = file.finish()
    if errorNumber == 0 { errorNumber = result }
  }
}
