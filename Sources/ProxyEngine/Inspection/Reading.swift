/// What a reader makes of the first octets of a stream. Readers are given all octets so far, each time from the first: what they answer to a
/// part of a stream they answer to more of it as well, `needMore` apart.
public enum Reading<Value: BitwiseCopyable>: BitwiseCopyable {
  /// Not yet to be told.
  case needMore
  case found(Value)
  /// Not this protocol, or not well-formed.
  case different

  /// What was found; nil: nothing yet, or something else.
  @inline(__always)
  public var value: Value? {
    if case .found(let value) = self { value } else { nil }
  }
}

/// Some of the octets that were read.
public struct OctetRange: BitwiseCopyable, Equatable, Sendable {
  public var offset: UInt32
  public var count: UInt32

  @inline(__always)
  init(_ offset: Int, count: Int) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.count = UInt32(truncatingIfNeeded: count)
  }

  @inline(__always)
  static var none: OctetRange { OctetRange(0, count: 0) }

  @inline(__always)
  var isEmpty: Bool { count == 0 }

  @inline(__always)
  var end: Int { Int(offset) &+ Int(count) }

  @inline(__always)
  func text(in bytes: UnsafeRawPointer) -> StreamText { StreamText(bytes + Int(offset), count: Int(count)) }
}

extension Reading {
  /// It cannot be told yet.
  @inline(__always)
  var isOpen: Bool {
    if case .needMore = self { true } else { false }
  }
}

/// Why a step of a reader came to nothing. Steps answer nil then, and say so here.
public enum ReadingStop: BitwiseCopyable, Sendable {
  case needMore
  case different
}

extension Reading {
  /// What was found; else why not.
  @inline(__always)
  init(_ value: Value?, _ stop: ReadingStop) {
    if let value { self = .found(value) } else { self = stop == .needMore ? .needMore : .different }
  }
}
