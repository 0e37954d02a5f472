import Glibc
import TCPEngine

/// Writes what workers capture to a pcap file, merged by time, on a thread of its own.
///
/// Workers wait for it, so it never stops taking frames: not when it has written as many as it should, and not when the file fails.
final class CaptureWriter: @unchecked Sendable {
  private let path: String
  private let merge: CaptureMerge
  private let limit: Int
  private let time: RunTime
  private let buffer: OutputBuffer
  private let thread = WriterThread()
  /// Frames to be written that have come so far.
  private var frames = 0
  /// The frame whose pieces come is one of those to be written.
  private var isWriting = false

  /// Opens the file, or creates it.
  ///
  /// - Parameters:
  ///   - channels: the workers', in their order; must outlive the writer. Each is to be closed when its worker has ended.
  ///   - limit: frames to write at most; 0: all.
  ///   - startTicks: the run's start on its clock of `ticksPerSecond`.
  ///   - startNanoseconds: the run's start in Unix time; 0: the clock is manual, times in the file count from 0.
  init(
    path: String, channels: [UnsafePointer<CaptureChannel>], limit: Int, ticksPerSecond: Double, startTicks: UInt64,
    startNanoseconds: UInt64
  ) throws(OutputError) {
    self.path = path
    merge = CaptureMerge(channels: channels)
    self.limit = limit == 0 ? .max : limit
    time = RunTime(ticksPerSecond: ticksPerSecond, startTicks: startTicks, startNanoseconds: startNanoseconds)
    buffer = OutputBuffer(try OutputFile(path: path), capacity: 1 << 20)
    buffer.append(atMost: CaptureFormat.fileHeaderLength, beginsUnit: false) {
      CaptureFormat.writeHeader(to: $0)
      return CaptureFormat.fileHeaderLength
    }
  }

  /// Begins to write.
  func start() { thread.start { [self] in writeAll($0) } }

  /// Writes what is left and closes the file; a second call says the same. To be called when all workers have ended.
  ///
  /// - Returns: frames that are whole in the file, and those that are not.
  func finish() -> WrittenFile {
    thread.finish()
    let errorNumber = buffer.errorNumber
    let problem = errorNumber == 0 ? nil : OutputError(path, "the capture is not complete: ", errorNumber: errorNumber)
    return WrittenFile(count: buffer.units, missing: frames - buffer.units, problem: problem?.description)
  }

  /// Processor time of the thread so far.
  var cpuSeconds: Double { thread.cpuSeconds }

  private func writeAll(_ thread: WriterThread) {
    while true {
      let ending = thread.isStopping
      while let batch = merge.next(workersEnded: ending) {
        write(batch.frames)
        batch.consume()
      }
      if ending { return buffer.close() }
      buffer.flush()
      thread.pause(microseconds: 100)
    }
  }

  private func write(_ run: UnsafeBufferPointer<CapturedFrame>) {
    for index in run.indices {
      let frame = run.baseAddress! + index
      let beginsFrame = frame.pointee.length > 0
      if beginsFrame {
        // Its further pieces follow it.
        isWriting = frames < limit
        if isWriting { frames += 1 }
      }
      guard isWriting else { continue }
      let nanoseconds = time.nanoseconds(at: frame.pointee.time)
      buffer.append(atMost: CaptureFormat.frameHeaderLength + CapturedFrame.pieceLength, beginsUnit: beginsFrame) {
        CaptureFormat.write(frame, nanoseconds: nanoseconds, to: $0)
      }
    }
  }
}
