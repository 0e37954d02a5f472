/// What an inspector makes of a segment's payload.
public enum InspectionVerdict: UInt8, BitwiseCopyable, Sendable {
  /// Unchanged.
  case pass
  /// Octets were changed in place; there are as many as before.
  case changed
  /// The connection ends here: both ends are reset.
  case end
}

/// A segment's payload as an inspector sees it.
public struct InspectedPayload: BitwiseCopyable, @unchecked Sendable {
  /// The octets, which may be changed in place.
  public let bytes: UnsafeMutableRawPointer
  public let count: Int
  /// Octets of the stream before the first of them, as the server counts them, modulo 2^32. What is sent again comes again, perhaps otherwise
  /// divided: the same octets of the stream must be changed in the same way.
  public let offset: UInt32
  /// Which server the connection goes to.
  public let target: UInt16
}

/// Sees the payload of every segment, with a state of its own for each connection. Called on the packet path: it must not allocate, lock, count
/// references or throw.
public protocol PayloadInspector: BitwiseCopyable, Sendable {
  associatedtype State: BitwiseCopyable
  /// The state of a connection that has just found its server.
  func begin(target: UInt16) -> State
  /// What the client has sent when its server is chosen: other octets in its place may be written to `place`, where there is room for twice
  /// `engine.request_limit`.
  /// How many there are; nil: it goes as it is. Called once for a connection, and not where the proxy has answered a part of it.
  func replaceRequest(_ request: InspectedPayload, at place: UnsafeMutableRawPointer, room: Int) -> Int?
  /// A segment from the client, on its way to the server, or of what was held of it.
  func fromClient(_ payload: InspectedPayload, _ state: inout State) -> InspectionVerdict
  /// A segment from the server, on its way to the client.
  func fromServer(_ payload: InspectedPayload, _ state: inout State) -> InspectionVerdict
}

extension PayloadInspector {
  @inline(always)
  public func replaceRequest(_ request: InspectedPayload, at place: UnsafeMutableRawPointer, room: Int) -> Int? { nil }
}

/// Looks at nothing: the compiler leaves no trace of it.
public struct NoInspector: PayloadInspector {
  public init() {}
  @inline(always)
  public func begin(target: UInt16) {}
  @inline(always)
  public func fromClient(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { .pass }
  @inline(always)
  public func fromServer(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { .pass }
}
