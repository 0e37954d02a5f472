import Testing

@testable import TCPEngine

/// A server's connection with its cold structure, and the peer's acknowledgments with SACK blocks. Our numbers are relative to our first octet.
private final class ColdMachine {
  private var connection: Connection
  private var companion = Companion()
  private var parameters = TCPParameters()
  private let ring = Table<SentSegment>(count: 256)
  private let ranges = Table<SequenceRange>(count: ReceivedRanges.capacity)
  private let recoveries = Table<Recovery>(count: 1)
  private static let first: UInt32 = 1_001
  var microseconds: UInt64 = 10_000_000

  var recovery: Recovery { recoveries.base.pointee }
  private var now: Moment { Moment(milliseconds: UInt32(truncatingIfNeeded: microseconds / 1_000), microseconds: microseconds) }

  /// - Parameters:
  ///   - flight: octets that were sent and not acknowledged while it was hot.
  ///   - size: of a segment, by what was heard of the path since.
  init(flight: UInt32 = 0, size: UInt16 = 1_000) {
    parameters.maximumSegmentSize = 1_000
    var syn = TCPSegment(Machine.key)
    syn.sequence = SequenceNumber(5_000)
    syn.flags = .syn
    syn.window = 65_535
    syn.options.present = [.maximumSegmentSize, .sackPermitted]
    syn.options.maximumSegmentSize = 1_000
    let opened = Moment(milliseconds: 10_000, microseconds: 10_000_000)
    connection = Connection.accept(syn, initial: SequenceNumber(Self.first - 1), peer: 0, &companion, parameters, now: opened)
    microseconds += 20_000
    _ = connection.arrive(Self.acknowledgment(0), &companion, parameters, now: now)
    connection.sendNext = connection.sendNext + flight
    connection.segmentSize = size
    withUnsafePointer(to: parameters) {
      connection.becomeCold(
        &companion, handle: 0, ring: ring.base, capacity: 256, ranges: ranges.base, recoveries.base, .cubic, $0, now: now)
    }
  }

  private static func acknowledgment(_ octets: UInt32, at place: UInt32 = 0, window: UInt16 = 65_535) -> TCPSegment {
    var segment = TCPSegment(Machine.key)
    segment.sequence = SequenceNumber(5_001 + place)
    segment.acknowledgment = SequenceNumber(first + octets)
    segment.flags = .ack
    segment.window = window
    return segment
  }

  /// - Parameter place: octets of the peer's own in front of the acknowledgment.
  func acknowledge(_ octets: UInt32, sack block: (UInt32, UInt32)? = nil, at place: UInt32 = 0, window: UInt16 = 65_535) {
    var options: [UInt8] = []
    if let block {
      options = [1, 1, 5, 10]
      for edge in [block.0, block.1] { options += (0..<4).map { UInt8(truncatingIfNeeded: (Self.first + edge) >> (24 - 8 * UInt32($0))) } }
    }
    var frame = [UInt8](repeating: 0, count: FrameWriter.plainPayloadOffset) + options
    let segment = Self.acknowledgment(octets, at: place, window: window)
    frame.withUnsafeMutableBytes { bytes in
      LinkHeader(destination: MACAddress(1), source: MACAddress(2)).store(to: bytes.baseAddress!)
      var sum = ChecksumSum()
      sum.add(UnsafeRawPointer(bytes.baseAddress! + FrameWriter.plainPayloadOffset), count: options.count)
      _ = FrameWriter.writeHeaders(
        segment.key, sequence: segment.sequence, acknowledgment: segment.acknowledgment, segment.flags, window: segment.window,
        optionsLength: options.count, payloadLength: 0, sum: sum, to: bytes.baseAddress!)
      var read = TCPSegment()
      guard case .tcp = FrameParser.parse(UnsafeRawPointer(bytes.baseAddress!), count: bytes.count, verify: .software, into: &read) else {
        Issue.record("not to be read")
        return
      }
      withUnsafePointer(to: parameters) {
        _ = connection.arriveCold(&read, in: UnsafeRawPointer(bytes.baseAddress!), &companion, recoveries.base, $0, now: now)
      }
    }
  }

  /// Sends as far as the windows permit; how many segments, and how many of them again.
  @discardableResult
  func send(to end: UInt32) -> (sent: Int, again: Int) {
    var (sent, again) = (0, 0)
    withUnsafePointer(to: parameters) {
      while sent < 1_000,
        let transmission = connection.transmitCold(end: end, finish: false, delaysSmall: false, recoveries.base, $0, now: now)
      {
        sent += 1
        if transmission.isRetransmission { again += 1 }
      }
    }
    return (sent, again)
  }

  func timeout() { withUnsafePointer(to: parameters) { _ = connection.timeoutCold(recoveries.base, $0, now: now) } }
}

@Suite struct ColdConnectionTests {
  /// RFC 2883 4: below the number acknowledged beside it, not below what has been acknowledged since.
  @Test func anOvertakenBlockIsNoDuplicate() {
    let machine = ColdMachine()
    #expect(machine.send(to: 10_000).sent == 10)
    machine.microseconds += 20_000
    for end in [2_000, 3_000, 4_000] as [UInt32] { machine.acknowledge(0, sack: (1_000, end)) }
    #expect(machine.recovery.phase == .recovery && machine.send(to: 10_000).again == 1)
    machine.microseconds += 20_000
    machine.acknowledge(10_000)
    machine.send(to: 19_000)
    let (window, threshold, steps) = (
      machine.recovery.congestionWindow, machine.recovery.slowStartThreshold, machine.recovery.reorderingSteps
    )
    #expect(threshold < 10_000)
    machine.microseconds += 10
    machine.acknowledge(0, sack: (1_000, 5_000))
    #expect(machine.recovery.congestionWindow == window && machine.recovery.slowStartThreshold == threshold)
    #expect(machine.recovery.reorderingSteps == steps)
  }

  /// RFC 9293 3.10.7.4: the window of what was sent last, be it behind a gap.
  @Test func theWindowBehindAGap() {
    let machine = ColdMachine()
    machine.send(to: 10_000)
    machine.microseconds += 20_000
    machine.acknowledge(10_000, at: 100, window: 0)
    #expect(machine.send(to: 30_000).sent == 0)
    machine.acknowledge(10_000, at: 200, window: 5_000)
    #expect(machine.send(to: 30_000).sent == 5)
    machine.acknowledge(10_000, at: 150, window: 20_000)
    #expect(machine.send(to: 30_000).sent == 0, "that was said before")
    machine.acknowledge(15_000, at: 0, window: 3_000)
    #expect(machine.send(to: 30_000).sent == 3, "what fills the gap, and acknowledges more")
  }

  /// More short segments than entries: the timeout sends all of them again, as they fit.
  @Test func aFlightOfMoreSegmentsThanEntries() {
    let machine = ColdMachine(flight: 14_600, size: 28)
    var acknowledged: UInt32 = 0
    for _ in 0..<2_000 where acknowledged < 14_600 {
      machine.microseconds += 61_000_000
      machine.timeout()
      acknowledged += 28 * UInt32(machine.send(to: 14_600).again)
      machine.acknowledge(min(acknowledged, 14_600))
    }
    #expect(acknowledged >= 14_600)
  }

  /// Times of sending come around after 71 minutes.
  @Test(arguments: [60, 2_400, 4_000] as [UInt64]) func whatWasDeliveredBeforeAPauseOvertakesNothing(seconds: UInt64) {
    let machine = ColdMachine()
    machine.send(to: 5_000)
    machine.microseconds += 20_000
    machine.acknowledge(5_000)
    machine.microseconds += seconds * 1_000_000
    for segment in 1...10 as ClosedRange<UInt32> {
      machine.send(to: 5_000 + segment * 1_000)
      machine.microseconds += 1_000
    }
    machine.microseconds += 10_000
    machine.acknowledge(6_000)
    machine.microseconds += 1_000
    machine.acknowledge(7_000)
    machine.microseconds += 2_000
    machine.acknowledge(7_000, sack: (8_000, 9_000))
    machine.microseconds += 40_000
    machine.timeout()
    #expect(machine.recovery.lost == 1_000)
  }

  /// RFC 7323 2.3.
  @Test(arguments: [1 << 30, 1 << 31, UInt32.max]) func noShiftIsAbove14(window: UInt32) {
    var parameters = TCPParameters()
    parameters.receiveWindow = window
    var companion = Companion()
    var syn = TCPSegment(Machine.key)
    syn.flags = .syn
    syn.options.present = [.windowScale]
    let moment = Moment(milliseconds: 1, microseconds: 1_000)
    let connection = Connection.accept(syn, initial: SequenceNumber(1), peer: 0, &companion, parameters, now: moment)
    #expect(connection.receiveScale == 14)
    #expect(connection.synchronization(companion, parameters, now: moment).options.windowScale == 14)
  }
}
