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
    // None of the machine's connections is cold, and none of its segments has SACK blocks: neither frame nor structure is looked at.
    withUnsafePointer(to: segment) { segment in
      withUnsafePointer(to: parameters) {
        arrive(segment, in: UnsafeRawPointer(segment), &companion, .noRecoveries, $0, now: now)
      }
    }
  }

  mutating func timeout(_ companion: Companion, _ parameters: TCPParameters, now: Moment) -> TimeoutAction {
    withUnsafePointer(to: parameters) { timeout(companion, .noRecoveries, $0, now: now) }
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

extension UnsafeMutablePointer where Pointee == Recovery {
  static var noRecoveries: Self { UnsafeMutablePointer(bitPattern: 64)! }
}

extension Connection {
  mutating func transmitNext(
    end: UInt32, finish: Bool, _ companion: inout Companion, _ parameters: TCPParameters, now: Moment
  ) -> Transmission? {
    withUnsafePointer(to: parameters) { transmitNext(end: end, finish: finish, &companion, $0, now: now) }
  }
}
