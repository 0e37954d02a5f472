@testable import TCPEngine

/// The records of finished connections, when they are kept.
final class KeptRecords {
  private var taken: [ProxyRecord] = []
  private let place: UnsafeMutablePointer<RecordChannel<ProxyRecord>>?

  init(_ settings: ProxySettings) {
    place = settings.detailedRecords ? .allocate(capacity: 1) : nil
    place?.initialize(to: RecordChannel(capacity: 8_192))
  }

  deinit {
    place?.deinitialize(count: 1)
    place?.deallocate()
  }

  var channel: UnsafePointer<RecordChannel<ProxyRecord>>? { place.map { UnsafePointer($0) } }

  /// All so far.
  var all: [ProxyRecord] {
    place?.pointee.queue.flush()
    while let run = place?.pointee.queue.readable(), !run.isEmpty {
      taken += run
      place?.pointee.queue.consume(run.count)
    }
    return taken
  }
}
