/// The checksums that a port sees to, so that nobody else has to. The values are those of CDPDK.
public struct ChecksumOffloads: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt8

  @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// It verifies them in what it receives, and says of each frame whether it has.
  public static var receivedIPv4: ChecksumOffloads { ChecksumOffloads(rawValue: 1) }
  public static var receivedTCP: ChecksumOffloads { ChecksumOffloads(rawValue: 2) }
  /// It computes them in the frames that ask for it.
  public static var sentIPv4: ChecksumOffloads { ChecksumOffloads(rawValue: 4) }
  public static var sentTCP: ChecksumOffloads { ChecksumOffloads(rawValue: 8) }

  public static var all: ChecksumOffloads { ChecksumOffloads(rawValue: 15) }
}
