/// What a client has sent so far, and who it is. The octets lie at `start` only as long as the call lasts.
public struct FirstRequest: BitwiseCopyable {
  /// The first octet that has not been answered by the proxy itself.
  public let start: UnsafeRawPointer
  /// Octets from there, in order and without a gap.
  public let count: Int
  /// IPv4, in host order.
  public let clientAddress: UInt32
  public let clientPort: UInt16
  /// No more will come: the client has closed its side, or a limit of time or octets is reached.
  public let isWhole: Bool

  @inline(__always)
  public init(start: UnsafeRawPointer, count: Int, clientAddress: UInt32, clientPort: UInt16, isWhole: Bool) {
    self.start = start
    self.count = count
    self.clientAddress = clientAddress
    self.clientPort = clientPort
    self.isWhole = isWhole
  }
}

/// Where a connection goes.
public enum BindingDecision: BitwiseCopyable, Equatable, Sendable {
  /// Not yet to be told: ask again with more. Not for a request that is whole.
  case needMore
  /// To a server of this group, which the group's algorithm chooses. Key: hash of the part of the payload that a consistent hash goes by; 0:
  /// there is none, the client's address counts.
  case group(UInt8, key: UInt32, rule: UInt8)
  /// To this server.
  case target(UInt16, rule: UInt8)
  /// The client is reset.
  case reset(rule: UInt8)
  /// No rule matches, nor will one with more octets.
  case noRule
  /// The octets begin with an anonymous LDAP bind. The proxy answers it (`LDAPBindResponse`), and asks again with what follows these octets. The
  /// server gets them all, and its answer to the bind is kept from the client.
  case answerBind(consumed: UInt16, messageID: UInt32)
}

/// Chooses the server from the first request. Called on the packet path: it must not allocate, lock, count references or throw, and must give the
/// same answer to the same octets whatever segments they came in.
public protocol BindingRule: BitwiseCopyable, Sendable {
  /// What is to become of a connection whose client has sent this so far.
  func decide(_ request: FirstRequest) -> BindingDecision
  /// Whether connections that this rule took, by the number that it gave for itself, end with the first response of HTTP: the server is asked to
  /// close. Rules that want it must wait for all of the request's head.
  func closesAfterResponse(_ rule: UInt8) -> Bool
}

extension BindingRule {
  @inline(always)
  public func closesAfterResponse(_ rule: UInt8) -> Bool { false }
}
