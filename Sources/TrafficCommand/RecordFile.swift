import Glibc
import TCPEngine

/// The format of a file of connection records: a header of 64 octets, then records of one kind as they lie in memory (Documentation/Records.md).
enum RecordFile {
  static var version: UInt32 { 2 }
  /// Written as a number: read in the other byte order it is another one.
  static var byteOrderMark: UInt32 { 0x0102_0304 }
  static var headerLength: Int { 64 }

  private static var versionOffset: Int { 8 }
  private static var byteOrderOffset: Int { 12 }
  private static var headerLengthOffset: Int { 16 }
  private static var recordLengthOffset: Int { 20 }
  private static var ticksPerSecondOffset: Int { 24 }
  private static var startTicksOffset: Int { 32 }
  private static var startNanosecondsOffset: Int { 40 }

  /// The header of a run whose clock is this.
  static func header<Record: FileRecord>(_ time: RunTime, of kind: Record.Type) -> [UInt8] {
    let magic = Array(kind.magic.utf8)
    var header = magic + [UInt8](repeating: 0, count: headerLength - magic.count)
    header.withUnsafeMutableBytes {
      $0.storeBytes(of: version, toByteOffset: versionOffset, as: UInt32.self)
      $0.storeBytes(of: byteOrderMark, toByteOffset: byteOrderOffset, as: UInt32.self)
      $0.storeBytes(of: UInt32(headerLength), toByteOffset: headerLengthOffset, as: UInt32.self)
      $0.storeBytes(of: UInt32(kind.length), toByteOffset: recordLengthOffset, as: UInt32.self)
      $0.storeBytes(of: time.ticksPerSecond, toByteOffset: ticksPerSecondOffset, as: Double.self)
      $0.storeBytes(of: time.startTicks, toByteOffset: startTicksOffset, as: UInt64.self)
      $0.storeBytes(of: time.startNanoseconds, toByteOffset: startNanosecondsOffset, as: UInt64.self)
    }
    return header
  }

  /// The clock that a file's header tells of.
  ///
  /// - Parameters:
  ///   - header: the first `headerLength` octets of the file, or all it has.
  ///   - path: the file's name, for the error.
  static func time<Record: FileRecord>(
    ofHeader header: UnsafeRawBufferPointer, of kind: Record.Type, path: String
  ) throws(OutputError) -> RunTime {
    let magic = Array(kind.magic.utf8)
    guard header.count == headerLength, header.prefix(magic.count).elementsEqual(magic) else {
      throw OutputError(
        description: "\(path): this is not a file of connection records; name one that `run --detailed-records` has written")
    }
    func number(_ offset: Int) -> UInt32 { header.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    guard number(byteOrderOffset) == byteOrderMark else {
      throw OutputError(description: "\(path): it was written on a machine of the other byte order; read it on one like that")
    }
    guard number(versionOffset) == version, number(headerLengthOffset) == headerLength, number(recordLengthOffset) == kind.length
    else {
      throw OutputError(
        description: "\(path): its format has version \(number(versionOffset)) with records of \(number(recordLengthOffset)) octets, this "
          + "program reads version \(version) with \(kind.length); use the program that wrote it")
    }
    let time = RunTime(
      ticksPerSecond: header.loadUnaligned(fromByteOffset: ticksPerSecondOffset, as: Double.self),
      startTicks: header.loadUnaligned(fromByteOffset: startTicksOffset, as: UInt64.self),
      startNanoseconds: header.loadUnaligned(fromByteOffset: startNanosecondsOffset, as: UInt64.self))
    guard time.ticksPerSecond.isFinite, time.ticksPerSecond > 0 else {
      throw OutputError(description: "\(path): its header is damaged (\(time.ticksPerSecond) ticks per second); write the file again")
    }
    return time
  }
}

extension ConnectionRecord: FileRecord {
  static var magic: String { "TCPEREC1" }

  private static let roleOffset = MemoryLayout<ConnectionRecord>.offset(of: \.role)!
  private static let outcomeOffset = MemoryLayout<ConnectionRecord>.offset(of: \.outcome)!

  static func isSound(at place: UnsafeRawPointer) -> Bool {
    func octet(_ offset: Int) -> UInt8 { place.load(fromByteOffset: offset, as: UInt8.self) }
    return Role(rawValue: octet(roleOffset)) != nil && Outcome(rawValue: octet(outcomeOffset)) != nil
      && place.loadUnaligned(as: ConnectionCourse.self).isSound
  }
}

extension ConnectionCourse {
  /// Whether it can be: its numbers are those of states.
  fileprivate var isSound: Bool {
    stateCount <= Self.maximumStates && (0..<stateCount).allSatisfy { TCPState(rawValue: stateNumber($0)) != nil }
  }

  /// The raw value of the state entered at `index`.
  private func stateNumber(_ index: Int) -> UInt8 { UInt8(states >> UInt32(index * 4) & 15) }

  /// The states entered after the first, and when: ticks since the opening.
  var history: [(state: TCPState, ticks: UInt64)] {
    (0..<min(stateCount, Self.maximumStates)).compactMap { index in
      TCPState(rawValue: stateNumber(index)).map { ($0, times[index].ticks) }
    }
  }
}
