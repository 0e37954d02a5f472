import Foundation
import Synchronization
import TCPEngine
import Testing

@testable import TrafficCommand

@Suite struct CaptureTests {
  /// A frame that a worker is to capture.
  struct Sent {
    var time: UInt64
    /// The frame's octets, and how many octets it says it had.
    var octets: [UInt8]
    var length: Int
  }

  /// A small reader of the format, written from its description.
  struct Capture {
    struct Frame: Equatable {
      var nanoseconds: UInt64
      var length: Int
      var octets: [UInt8]
    }

    var snapLength = 0
    var frames: [Frame] = []

    init(_ octets: [UInt8]) throws {
      func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(octets[at + $1]) << (8 * $1) } }
      try #require(octets.count >= 24)
      #expect(number(0) == 0xa1b2_3c4d)
      #expect(number(4) == 2 | 4 << 16)
      #expect(number(20) == 1)
      snapLength = number(16)
      var at = 24
      while at < octets.count {
        try #require(at + 16 <= octets.count)
        let captured = number(at + 8)
        try #require(at + 16 + captured <= octets.count)
        frames.append(
          Frame(
            nanoseconds: UInt64(number(at)) * 1_000_000_000 + UInt64(number(at + 4)), length: number(at + 12),
            octets: Array(octets[at + 16..<at + 16 + captured])))
        at += 16 + captured
      }
    }
  }

  /// Two workers' frames, in the order of time each; some times are equal, within a worker and between them.
  private static func traffic(seed: Int, count: Int) -> [[Sent]] {
    (0..<2).map { worker in
      var time: UInt64 = 1_000
      return (0..<count).map { index in
        time += UInt64((index * 7 + worker * 3 + seed) % 5) * 100
        let octets = [UInt8](repeating: 0, count: 12) + [8, 0] + (0..<20 + index % 40).map { UInt8(($0 + index + worker) & 255) }
        return Sent(time: time, octets: [UInt8(worker)] + octets.dropFirst(), length: octets.count)
      }
    }
  }

  private static func push(_ sent: Sent, to channel: UnsafePointer<CaptureChannel>) {
    var pieces = 0
    var rest = sent.octets[...]
    repeat {
      guard let place = channel.pointee.ring.reserve(ahead: pieces) else {
        usleep(10)
        continue
      }
      let piece = Array(rest.prefix(CapturedFrame.pieceLength))
      place.pointee.time = sent.time
      place.pointee.length = pieces == 0 ? UInt32(sent.length) : 0
      place.pointee.captured = UInt32(piece.count)
      let room = UnsafeMutableRawPointer(place) + CapturedFrame.headerLength
      room.copyMemory(from: piece, byteCount: piece.count)
      rest = rest.dropFirst(piece.count)
      pieces += 1
    } while !rest.isEmpty
    channel.pointee.ring.commit(pieces)
  }

  /// Captures what the workers send, each on a thread of its own, to `path`. What `finish` returns.
  private static func capture(
    _ traffic: [[Sent]], to path: String, limit: Int = 0, ticksPerSecond: Double = 1e9, startTicks: UInt64 = 0,
    startNanoseconds: UInt64 = 0, capacity: Int = 64, closing: Bool = true
  ) throws -> WrittenFile {
    let channels = traffic.map { _ in allocated(CaptureChannel(capacity: capacity)) }
    defer { channels.forEach(release) }
    let writer = try CaptureWriter(
      path: path, channels: channels.map { UnsafePointer($0) }, limit: limit, ticksPerSecond: ticksPerSecond, startTicks: startTicks,
      startNanoseconds: startNanoseconds)
    writer.start()
    let places = channels.map { UInt(bitPattern: $0) }
    DispatchQueue.concurrentPerform(iterations: traffic.count) { worker in
      let channel = UnsafePointer<CaptureChannel>(bitPattern: places[worker])!
      for sent in traffic[worker] {
        channel.pointee.reached.store(sent.time, ordering: .releasing)
        push(sent, to: channel)
      }
      if closing { channel.pointee.close() }
    }
    return writer.finish()
  }

  private static func merged(_ traffic: [[Sent]]) -> [Capture.Frame] {
    let all = traffic.enumerated().flatMap { worker, frames in frames.enumerated().map { (worker, $0.offset, $0.element) } }
    return all.sorted { ($0.2.time, $0.0, $0.1) < ($1.2.time, $1.0, $1.1) }.map {
      Capture.Frame(nanoseconds: $0.2.time, length: $0.2.length, octets: $0.2.octets)
    }
  }

  @Test func workersAreMergedByTimeThenNumber() throws {
    let directory = try TestDirectory()
    let traffic = Self.traffic(seed: 1, count: 5_000)
    #expect(try Self.capture(traffic, to: directory.file("a.pcap")) == WrittenFile(count: 10_000))
    let capture = try Capture(directory.octets("a.pcap"))
    #expect(capture.snapLength == 65_535)
    #expect(capture.frames == Self.merged(traffic))
  }

  /// However the threads happen to run.
  @Test func sameFramesSameFile() throws {
    let directory = try TestDirectory()
    let traffic = Self.traffic(seed: 2, count: 2_000)
    for (name, capacity) in [("a", 8), ("b", 64), ("c", 1_024)] {
      _ = try Self.capture(traffic, to: directory.file(name), capacity: capacity)
    }
    let first = try directory.octets("a")
    #expect(try directory.octets("b") == first)
    #expect(try directory.octets("c") == first)
  }

  @Test func whatCouldStillComeEarlierIsWaitedFor() {
    let channels = (0..<2).map { _ in allocated(CaptureChannel(capacity: 8)) }
    defer { channels.forEach(release) }
    let merge = CaptureMerge(channels: channels.map { UnsafePointer($0) })
    func next() -> UInt64? { merge.next(workersEnded: false)?.frames.first?.time }
    #expect(next() == nil)
    Self.push(Sent(time: 50, octets: [], length: 0), to: channels[1])
    #expect(next() == nil)
    channels[0].pointee.reached.store(50, ordering: .releasing)
    #expect(next() == nil, "worker 0 may still send at 50, and comes first")
    Self.push(Sent(time: 50, octets: [], length: 0), to: channels[0])
    #expect(merge.next(workersEnded: false)?.channel == UnsafePointer(channels[0]))
    channels[0].pointee.ring.consume(1)
    channels[0].pointee.reached.store(51, ordering: .releasing)
    #expect(next() == 50)
    channels[1].pointee.ring.consume(1)
    #expect(merge.next(workersEnded: true) == nil)
  }

  @Test func theLaterWorkerNeedNotPassAnEqualTime() {
    let channels = (0..<2).map { _ in allocated(CaptureChannel(capacity: 8)) }
    defer { channels.forEach(release) }
    let merge = CaptureMerge(channels: channels.map { UnsafePointer($0) })
    for time in [50, 50, 60] as [UInt64] { Self.push(Sent(time: time, octets: [], length: 0), to: channels[0]) }
    channels[1].pointee.reached.store(50, ordering: .releasing)
    #expect(merge.next(workersEnded: false)?.frames.count == 2)
    channels[1].pointee.close()
    #expect(merge.next(workersEnded: false)?.frames.count == 3)
  }

  @Test func onlySoManyAreWritten() throws {
    let directory = try TestDirectory()
    let traffic = Self.traffic(seed: 3, count: 1_000)
    #expect(try Self.capture(traffic, to: directory.file("a"), limit: 77) == WrittenFile(count: 77))
    #expect(try Capture(directory.octets("a")).frames == Array(Self.merged(traffic).prefix(77)))
  }

  /// Each takes several places of the ring, and the next one may be another worker's.
  @Test(arguments: [0, 3]) func longFramesAreWhole(limit: Int) throws {
    let directory = try TestDirectory()
    let traffic = (0..<2).map { worker in
      (0..<20).map { index in
        let octets = (0..<9_014 - index * 400).map { UInt8(($0 + index + worker) % 251) }
        return Sent(time: UInt64(index / 2 * 100), octets: octets, length: octets.count)
      }
    }
    #expect(try Self.capture(traffic, to: directory.file("a"), limit: limit, capacity: 8).count == (limit == 0 ? 40 : limit))
    let merged = Self.merged(traffic)
    #expect(try Capture(directory.octets("a")).frames == (limit == 0 ? merged : Array(merged.prefix(limit))))
  }

  @Test func timesAreUnixTimes() throws {
    let directory = try TestDirectory()
    let sent = [Sent(time: 10_000, octets: [1], length: 1), Sent(time: 10_005, octets: [1], length: 1)]
    _ = try Self.capture(
      [sent], to: directory.file("a"), ticksPerSecond: 2.5e9, startTicks: 10_000, startNanoseconds: 1_700_000_000_999_999_999)
    #expect(
      try Capture(directory.octets("a")).frames.map(\.nanoseconds) == [1_700_000_000_999_999_999, 1_700_000_001_000_000_001])
  }

  /// A worker whose channel was not closed delays the others' frames, but loses none.
  @Test func theEndOfAllWorkersClosesTheChannels() throws {
    let directory = try TestDirectory()
    let traffic = Self.traffic(seed: 4, count: 30)
    #expect(try Self.capture(traffic, to: directory.file("a"), closing: false).count == 60)
    #expect(try Capture(directory.octets("a")).frames == Self.merged(traffic))
  }

  @Test func aFullDiskIsToldAndStopsNoWorker() throws {
    let written = try Self.capture(Self.traffic(seed: 5, count: 20_000), to: "/dev/full")
    #expect(
      written
        == WrittenFile(
          count: 0, missing: 40_000,
          problem: "/dev/full: the capture is not complete: No space left on device; free some space, or name a file on another disk"))
  }

  @Test func placesWhereNoFileCanBe() throws {
    let directory = try TestDirectory()
    let error = #expect(throws: OutputError.self) { try Self.capture([], to: directory.path) }
    #expect(error?.description == "\(directory.path): cannot be written: Is a directory; name a file in it")
    #expect(throws: OutputError.self) { try Self.capture([], to: directory.file("none/a.pcap")) }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/tshark")))
  func wiresharkReadsIt() throws {
    let directory = try TestDirectory()
    let traffic = Self.traffic(seed: 6, count: 50)
    _ = try Self.capture(traffic, to: directory.file("a.pcap"), startNanoseconds: 1_700_000_000_000_000_000)
    let tshark = Process()
    tshark.executableURL = URL(fileURLWithPath: "/usr/bin/tshark")
    tshark.arguments = ["-r", directory.file("a.pcap"), "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len"]
    let pipe = Pipe()
    tshark.standardOutput = pipe
    tshark.standardError = FileHandle.nullDevice
    try tshark.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    tshark.waitUntilExit()
    #expect(tshark.terminationStatus == 0)
    let expected = Self.merged(traffic).map { frame in
      "1700000000.\(String(1_000_000_000 + frame.nanoseconds).dropFirst())\t\(frame.length)"
    }
    #expect(text.split(separator: "\n").map(String.init) == expected)
  }
}
