/// The key and the redirection table that a port spreads TCP over IPv4 by, as plain values; `RSSTable` computes with them.
public struct PortHash: Hashable, Sendable {
  public var key: RSSKey
  public var entries: [UInt16]

  public init(key: RSSKey, entries: [UInt16]) {
    self.key = key
    self.entries = entries
  }
}
