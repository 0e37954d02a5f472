import TCPEngine

/// What a program with a workload of its own supplies: the loops over the ports, and the single turn that a simulated run is made of. Each
/// is one call; written out in the program, they are specialised for its workload.
public protocol TrafficProgram: WorkerLoops, SendableMetatype {}

extension ExchangeLoops: TrafficProgram {}
extension HTTPLoops: TrafficProgram {}
extension BulkLoops: TrafficProgram {}
