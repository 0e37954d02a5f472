// A traffic generator with a workload of its own: the commands, ports and reports of `trafficengine`, other conversations.
//
//     swift run -c release example-workload run --test-size 100000
//     swift run -c release example-workload run --port memory --loss 0.05 --test-size 10000
import TCPEngine
import TrafficCommand

/// The worker's loops, written out for this workload. In a package of its own they run, several times slower than the workloads of the program
/// itself, which the compiler specialises (Documentation/HotPath.md).
enum ShoutLoops: TrafficProgram {
  typealias W = ShoutWorkload

  static func run(_ worker: inout Worker<DPDKPort, TrafficEngine<ShoutWorkload>, TickClock>) { worker.run() }

  static func run(_ worker: inout Worker<CapturePort<FaultyPort<DPDKPort>>, TrafficEngine<ShoutWorkload>, TickClock>) { worker.run() }

  static func turn(_ worker: inout MemoryWorker<ShoutWorkload>) { worker.turn() }
}

TrafficMain.main(ShoutLoops.self) { _ in ShoutWorkload() }
