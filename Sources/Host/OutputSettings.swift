/// Where results go besides the terminal.
public struct OutputSettings: Sendable, Equatable {
  /// Report as JSON; "-" is the standard output.
  public var json: String?
  /// Capture file, and how many frames of it; 0: all.
  public var pcap: String?
  public var pcapCount = 0
  public var recordsFile = "trafficengine.records"
  /// One connection in this many is recorded, and every failed one.
  public var recordsSample = 1

  public init() {}
}
