@testable import TCPEngine

/// The machine's calls with values where it takes pointers.
extension Connection {
  static func accept(
    _ syn: TCPSegment, initial: SequenceNumber, peer: UInt16, _ companion: inout Companion, _ parameters: TCPParameters, now: Moment
  ) -> Connection {
    withUnsafePointer(to: syn) { syn in
      withUnsafePointer(to: parameters) { accept(syn, initial: initial, peer: peer, &companion, $0, now: now) }
    }
  }

  mutating func negotiate(_ offered: TCPOptions, _ companion: inout Companion, _ parameters: TCPParameters) {
    withUnsafePointer(to: parameters) { negotiate(offered, &companion, $0) }
  }

  mutating func arrive(
    _ segment: TCPSegment, _ companion: inout Companion, _ parameters: TCPParameters, now: Moment
  ) -> Action {
    withUnsafePointer(to: segment) { segment in
      withUnsafePointer(to: parameters) { arrive(segment, &companion, $0, now: now) }
    }
  }

  mutating func timeout(_ companion: Companion, _ parameters: TCPParameters, now: Moment) -> TimeoutAction {
    withUnsafePointer(to: parameters) { timeout(companion, $0, now: now) }
  }

  func receiveWindow(_ parameters: TCPParameters) -> UInt32 { withUnsafePointer(to: parameters) { receiveWindow($0) } }

  func windowField(_ parameters: TCPParameters) -> UInt16 { withUnsafePointer(to: parameters) { windowField($0) } }

  func synchronization(_ companion: Companion, _ parameters: TCPParameters, now: Moment) -> TCPSegment {
    withUnsafePointer(to: parameters) { synchronization(companion, $0, now: now) }
  }

  /// The segment of a transmission, as the engine writes it.
  func segment(_ transmission: Transmission, _ companion: Companion, _ parameters: TCPParameters, now: Moment) -> TCPSegment {
    var segment = TCPSegment(key.reversed)
    segment.sequence = transmission.sequence
    segment.acknowledgment = receiveNext
    segment.flags = transmission.control
    segment.window = windowField(parameters)
    segment.payloadLength = transmission.length
    if flags.has(.timestamps) {
      segment.options = .timestamps(now.milliseconds)
      segment.options.timestampEcho = companion.timestampRecent
    }
    return segment
  }
}

extension Companion {
  func retransmissionTimeout(_ parameters: TCPParameters) -> UInt32 {
    withUnsafePointer(to: parameters) { retransmissionTimeout($0) }
  }
}
