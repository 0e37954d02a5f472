/// What lies beside a connection, in one element of a table: TCP's companion and the workload's state of it.
public struct Companions<State: BitwiseCopyable & Sendable>: BitwiseCopyable, Sendable {
  var tcp: Companion
  var workload: State
}
