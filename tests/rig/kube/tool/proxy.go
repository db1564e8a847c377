package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A line with latency: each direction takes half the round trip, and bandwidth is unlimited.
type line struct {
	to   string
	rtt  atomic.Int64 // nanoseconds
	down atomic.Bool  // new connections are closed at once

	mu   sync.Mutex
	open map[net.Conn]struct{}

	connections, up, back atomic.Int64
}

type chunk struct {
	due  time.Time
	data []byte
}

func proxy(args []string) error {
	flags := flag.NewFlagSet("proxy", flag.ExitOnError)
	to := flags.String("to", "", "where connections go")
	listen := flags.String("listen", "127.0.0.1:0", "where they come in")
	control := flags.String("control", "127.0.0.1:0", "HTTP: /cut /down /up /rtt?is=44ms /stats")
	rtt := flags.Duration("rtt", 44*time.Millisecond, "round trip time")
	flags.Parse(args)

	l := &line{to: *to, open: map[net.Conn]struct{}{}}
	l.rtt.Store(int64(*rtt))
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	if err := l.serveControl(*control); err != nil {
		return err
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		if l.down.Load() {
			client.Close()
			continue
		}
		go l.carry(client)
	}
}

func (l *line) carry(client net.Conn) {
	l.connections.Add(1)
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		client.Close()
		return
	}
	l.remember(client, server)
	defer l.forget(client, server)
	// TCP's own handshake with us took no time; a far server's would have taken one round trip.
	handshake := time.Now().Add(time.Duration(l.rtt.Load()))
	var both sync.WaitGroup
	both.Add(2)
	go func() { defer both.Done(); l.oneWay(server, client, handshake, &l.up) }()
	go func() { defer both.Done(); l.oneWay(client, server, time.Time{}, &l.back) }()
	both.Wait()
}

// Everything that comes from `src` goes to `dst` half a round trip later, the end of it too.
func (l *line) oneWay(dst, src net.Conn, notBefore time.Time, bytes *atomic.Int64) {
	queue := make(chan chunk, 2048)
	go func() {
		defer close(queue)
		for {
			data := make([]byte, 16<<10)
			n, err := src.Read(data)
			sent := time.Now()
			if sent.Before(notBefore) {
				sent = notBefore
			}
			due := sent.Add(time.Duration(l.rtt.Load()) / 2)
			if n > 0 {
				bytes.Add(int64(n))
				queue <- chunk{due, data[:n]}
			}
			if err != nil {
				queue <- chunk{due, nil}
				return
			}
		}
	}()
	broken := false
	for piece := range queue {
		if broken {
			continue
		}
		time.Sleep(time.Until(piece.due))
		if piece.data == nil {
			dst.(*net.TCPConn).CloseWrite()
		} else if _, err := dst.Write(piece.data); err != nil {
			broken = true
			src.Close()
		}
	}
}

func (l *line) remember(connections ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range connections {
		l.open[c] = struct{}{}
	}
}

func (l *line) forget(connections ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range connections {
		c.Close()
		delete(l.open, c)
	}
}

// Cut all connections as a dying router would: with a reset.
func (l *line) cut() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	return len(l.open) / 2
}

func (l *line) serveControl(address string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, l.cut())
	})
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) {
		l.down.Store(true)
		fmt.Fprintln(w, l.cut())
	})
	mux.HandleFunc("/up", func(http.ResponseWriter, *http.Request) { l.down.Store(false) })
	mux.HandleFunc("/rtt", func(w http.ResponseWriter, r *http.Request) {
		rtt, err := time.ParseDuration(r.FormValue("is"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		l.rtt.Store(int64(rtt))
	})
	mux.HandleFunc("/stats", func(w http.ResponseWriter, _ *http.Request) {
		l.mu.Lock()
		open := len(l.open) / 2
		l.mu.Unlock()
		json.NewEncoder(w).Encode(map[string]int64{
			"connections": l.connections.Load(), "open": int64(open),
			"bytes_up": l.up.Load(), "bytes_back": l.back.Load(),
		})
	})
	return serveInBackground(address, mux)
}

func serveInBackground(address string, handler http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go http.Serve(listener, handler)
	return nil
}
