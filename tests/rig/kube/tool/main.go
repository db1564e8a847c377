// rigtool is what the test cluster needs and Kubernetes does not bring: Pods that run without nodes,
// a line with latency, and a server that misbehaves on demand.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: rigtool COMMAND ...
  ports N                     print N free loopback ports
  pods --server URL --ca FILE --token TOKEN
                              give every Pod a status, as a kubelet would
  proxy --to HOST:PORT --listen ADDRESS --control ADDRESS [--rtt 44ms]
                              pass TCP connections on, late
  faults --to URL --ca FILE --cert FILE --key FILE --listen ADDRESS --control ADDRESS [--rules FILE]
                              an API server with faults
  webhook --cert FILE --key FILE --listen ADDRESS --control ADDRESS
                              an admission webhook
`

func main() {
	// What a test leaves behind must not outlive a closed terminal's signal by accident, nor die of it.
	signal.Ignore(syscall.SIGHUP)
	commands := map[string]func([]string) error{
		"ports": ports, "pods": pods, "proxy": proxy, "faults": faults, "webhook": webhook,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "rigtool %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// Print free ports, all held until the last is known so that none comes twice.
func ports(args []string) error {
	var count int
	if len(args) != 1 {
		return fmt.Errorf("how many?")
	}
	if _, err := fmt.Sscan(args[0], &count); err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	}
	return nil
}
