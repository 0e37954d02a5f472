import CPacket
import Configuration
import TCPEngine

/// One run from its settings to its report.
struct RunSession<Program: TrafficProgram> {
  let settings: TrafficSettings
  let makeWorkload: @Sendable (TrafficSettings) -> Program.W

  /// Runs to the end. Throws `CommandFailure` when nothing could be started.
  func perform() throws -> ExitStatus {
    var signals = StopSignals()
    let console = Console(json: settings.output.json)
    let reportFile = try settings.output.json.map(ReportFile.init)
    let basis = try RunBasis(settings)
    try MemoryNeed.check(basis, tables: MemoryNeed.tables(settings.engine, workloadState: MemoryLayout<Program.W.State>.stride))
    let outputs = try RunOutputs<ConnectionRecord>(basis)
    let run = try started(basis, outputs)
    announce(basis, run, console)
    let startCPUSeconds = JoinableThread.currentCPUSeconds
    run.watch(&signals, liveView(run, basis, console))
    let summary = conclude(run, basis, outputs, reporterSince: startCPUSeconds)
    return report(summary, console, reportFile)
  }

  private func started(_ basis: RunBasis, _ outputs: RunOutputs<ConnectionRecord>) throws -> any TrafficRun {
    switch settings.port.kind {
    case .ring: try PortRun<Program>(basis, outputs, makeWorkload: makeWorkload)
    case .memory: MemoryRun<Program>(basis, outputs, makeWorkload: makeWorkload)
    }
  }

  private func announce(_ basis: RunBasis, _ run: any TrafficRun, _ console: Console) {
    let connections = basis.total.map { "\(NumberText.grouped($0)) connections" } ?? "connections without a limit"
    let memory = run.hugePages.map { $0 ? ", huge pages" : ", no huge pages" } ?? ""
    let cores = basis.cores.map(String.init).joined(separator: ",")
    console.say(versionText)
    console.say(ReportLine.wrapped("\(connections), \(run.wire) port, core \(cores)\(memory), seed \(basis.seed)"))
    for warning in run.warnings { Console.complain("warning: \(warning)") }
  }

  private func liveView(_ run: any TrafficRun, _ basis: RunBasis, _ console: Console) -> LiveView {
    let isSimulated = settings.port.kind == .memory
    return LiveView(
      console, run, ticksPerSecond: isSimulated ? measure_tick_rate(20) : basis.ticksPerSecond, isSimulated: isSimulated)
  }

  private func conclude(
    _ run: any TrafficRun, _ basis: RunBasis, _ outputs: RunOutputs<ConnectionRecord>, reporterSince startCPUSeconds: Double
  ) -> RunSummary {
    let reporterCPUSeconds = JoinableThread.currentCPUSeconds - startCPUSeconds
    let end = run.conclude()
    let written = outputs.finish()
    let tallies = run.links.map { Tally($0.statistics, ticksPerSecond: basis.ticksPerSecond, runStart: basis.startTicks) }
    return RunSummary(
      basis: basis, hugePages: run.hugePages, warnings: run.warnings, workers: tallies, end: end, written: written,
      reporterCPUSeconds: reporterCPUSeconds)
  }

  private func report(_ summary: RunSummary, _ console: Console, _ file: ReportFile?) -> ExitStatus {
    var verdict = Verdict(summary)
    let problem = file?.problem(writing: JSONReport(summary, verdict).document)
    if let problem { verdict.add(problem) }
    let loss = console.problem(saying: "\n" + TextReport(summary, verdict).text)
    if let loss { verdict.add(loss) }
    Console.complain(of: verdict.reason, problem ?? loss)
    return verdict.status
  }
}
