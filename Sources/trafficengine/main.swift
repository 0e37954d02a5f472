import TrafficCommand

TrafficMain.main()
