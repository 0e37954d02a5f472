import TrafficCommand

ProxyMain.main()
