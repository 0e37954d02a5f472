import CPacket
import Configuration
import TCPEngine

/// One run of the proxy from its settings to its report.
struct ProxySession<Program: ProxyProgram> {
  let settings: ProxySettings
  let decisions: ProxyDecisions<Program.Rule, Program.Inspector>

  /// Runs to the end. Throws `CommandFailure` when nothing could be started.
  func perform() throws -> ExitStatus {
    var signals = StopSignals()
    let console = Console(json: settings.output.json)
    let reportFile = try settings.output.json.map(ReportFile.init)
    var settings = settings
    for index in settings.ports.indices {
      if let interface = settings.ports[index].linuxInterface { settings.ports[index].mac = try LinuxInterface.mac(of: interface) }
    }
    let basis = try RunBasis(settings.basis)
    try MemoryNeed.check(basis, tables: MemoryNeed.tables(settings, inspectorState: MemoryLayout<Program.Inspector.State>.stride))
    let outputs = try RunOutputs<ProxyRecord>(basis)
    let run = try ProxyRun<Program>(settings, basis, outputs, decisions: decisions)
    announce(run, basis, console)
    let startCPUSeconds = JoinableThread.currentCPUSeconds
    run.watch(&signals, LiveView(console, run, ticksPerSecond: basis.ticksPerSecond, isSimulated: false))
    let reporterCPUSeconds = JoinableThread.currentCPUSeconds - startCPUSeconds
    let end = run.conclude()
    let summary = ProxySummary(
      settings: settings, basis: basis, hugePages: run.hugePages, warnings: run.warnings, statistics: run.links.map(\.statistics),
      targets: run.targets, end: end, written: outputs.finish(), reporterCPUSeconds: reporterCPUSeconds)
    return report(summary, console, reportFile)
  }

  private func announce(_ run: ProxyRun<Program>, _ basis: RunBasis, _ console: Console) {
    let memory = run.hugePages == true ? "huge pages" : "no huge pages"
    let cores = basis.cores.map(String.init).joined(separator: ",")
    let address = settings.ports[0].address
    let ports = settings.listeningPorts.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    console.say(versionText)
    let targets = settings.servers.targets.count
    console.say(
      ReportLine.wrapped(
        "\(address):\(ports.joined(separator: ",")) \(settings.parameters.isImmediate ? "immediate" : "delayed") binding, "
          + "\(targets) \(targets == 1 ? "target" : "targets"), \(run.wire), core \(cores), \(memory)"))
    for warning in run.warnings { Console.complain("warning: \(warning)") }
  }

  private func report(_ summary: ProxySummary, _ console: Console, _ file: ReportFile?) -> ExitStatus {
    var summary = summary
    summary.reportProblem = file?.problem(writing: ProxyJSONReport(summary).document)
    if let loss = console.problem(saying: "\n" + ProxyTextReport(summary).text) { summary.reportProblem = summary.reportProblem ?? loss }
    Console.complain(of: summary.reason, summary.reportProblem)
    return summary.status
  }
}

extension ProxySettings {
  /// What a proxy's run has in common with a generator's: cores, port, seed, outputs.
  var basis: TrafficSettings {
    var basis = TrafficSettings()
    basis.cores = cores
    // All ports' frames lie in the buffers of one pool.
    basis.port = ports.max { $0.bufferRoom < $1.bufferRoom } ?? ports[0]
    basis.port.poolSize = ports.map(\.poolSize).max() ?? basis.port.poolSize
    basis.engine.seed = seed
    basis.engine.duration = duration
    basis.engine.detailedRecords = detailedRecords
    basis.output = output
    basis.testSize = 0
    return basis
  }
}
