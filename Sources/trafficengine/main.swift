import TCPEngine
import TrafficCommand

TrafficMain<ExchangeLoops>.main(makeWorkload: ExchangeWorkload.init)
