import ArgumentParser
import Glibc
import TCPEngine

/// A traffic generator's command line. `trafficengine` is this with the workloads of `engine.workload`; a program with a workload of its own
/// supplies its loops and gets the same commands, ports and reports.
public enum TrafficMain {
  /// Does what the process' arguments say, with the workload that the configuration chooses, and ends the process with an `ExitStatus`.
  public static func main() -> Never {
    end { settings in
      // Each case is a program of its own from here on: nothing on the packet path asks which it is.
      switch settings.engine.workload {
      case .exchange:
        try RunSession<ExchangeLoops>(settings: settings, makeWorkload: { ExchangeWorkload($0.engine) }).perform()
      case .http: try RunSession<HTTPLoops>(settings: settings, makeWorkload: HTTPWorkload.init).perform()
      case .bulk: try RunSession<BulkLoops>(settings: settings, makeWorkload: BulkWorkload.init).perform()
      }
    }
  }

  /// The same with a workload of the program's own.
  ///
  /// - Parameter makeWorkload: makes the workload of a worker from the run's settings; called on each worker's thread.
  public static func main<Program: TrafficProgram>(
    _ program: Program.Type, makeWorkload: @Sendable @escaping (TrafficSettings) -> Program.W
  ) -> Never {
    end { settings in
      guard settings.engine.workload == EngineSettings().workload else {
        let sentence = "engine.workload: this program has a workload of its own, leave the key out"
        throw CommandFailure(.misconfigured, sentence)
      }
      return try RunSession<Program>(settings: settings, makeWorkload: makeWorkload).perform()
    }
  }

  private static func end(_ session: @escaping (TrafficSettings) throws -> ExitStatus) -> Never {
    RunCommand.session = session
    CommandLineRun(RootCommand.self, names: RootCommand.commandNames).perform().end()
  }
}
