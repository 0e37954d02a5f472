/// What a worker runs: protocol logic that is given frames and time, and gives frames. It reads no clock and knows no device.
public protocol Engine: ~Copyable {
  /// Takes frames that arrived; each leaves through `io` (sent, kept or freed).
  mutating func receive<Port: PacketPort & ~Copyable>(
    _ burst: UnsafeMutablePointer<PacketPointer>, count: Int, now: Ticks, _ io: inout PacketQueue<Port>)

  /// Does what time has brought: timers, and work of its own (opening connections). True if there was any.
  mutating func advance<Port: PacketPort & ~Copyable>(now: Ticks, _ io: inout PacketQueue<Port>) -> Bool

  /// Takes a command from the control mailbox.
  mutating func command(_ command: WorkerCommand, now: Ticks)
}

/// What a worker can be told while it runs. Each includes the ones before it.
public enum WorkerCommand: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// Begin nothing yet.
  case hold
  case run
  /// Begin nothing new.
  case stopOpening
  /// Close what is open by FIN.
  case closeAll
  /// Reset what is still open.
  case resetAll
  /// Leave the loop.
  case leave
}
