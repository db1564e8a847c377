package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An API server with faults: HTTP/2 over TLS in front of the real one. Callers are known by their
// bearer token, which passes through; their client certificates do not.
type faulty struct {
	proxy *httputil.ReverseProxy

	mu    sync.Mutex
	rules []*rule

	requests, fired lines
}

type ruleKey struct{}

func faults(args []string) error {
	flags := flag.NewFlagSet("faults", flag.ExitOnError)
	to := flags.String("to", "", "URL of the real server")
	ca := flags.String("ca", "", "certificate of its CA")
	cert := flags.String("cert", "", "certificate to serve with")
	key := flags.String("key", "", "its key")
	listen := flags.String("listen", "127.0.0.1:0", "where clients connect")
	control := flags.String("control", "127.0.0.1:0", "HTTP: /rules /requests /fired /clear")
	file := flags.String("rules", "", "file of rules to start with")
	flags.Parse(args)

	f := &faulty{}
	if *file != "" {
		text, err := os.ReadFile(*file)
		if err != nil {
			return err
		}
		if f.rules, err = parseRules(string(text)); err != nil {
			return err
		}
	}
	client, err := tlsClient(*ca)
	if err != nil {
		return err
	}
	real, err := url.Parse(*to)
	if err != nil {
		return err
	}
	f.proxy = &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(real) },
		Transport:      client.Transport,
		FlushInterval:  -1,
		ModifyResponse: modify,
		ErrorLog:       log.New(io.Discard, "", 0),
		// What cannot be asked is a cut connection, not an answer.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	if err := serveInBackground(*control, f.controls()); err != nil {
		return err
	}
	server := &http.Server{Handler: f, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	return server.ServeTLS(listener, *cert, *key)
}

// POST /rules replaces the rules; GET /requests and /fired tell what came and what was done to it.
func (f *faulty) controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/rules", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		rules, err := parseRules(string(text))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.mu.Lock()
		f.rules = rules
		f.mu.Unlock()
	})
	mux.HandleFunc("/requests", func(w http.ResponseWriter, _ *http.Request) { f.requests.print(w) })
	mux.HandleFunc("/fired", func(w http.ResponseWriter, _ *http.Request) { f.fired.print(w) })
	mux.HandleFunc("/clear", func(http.ResponseWriter, *http.Request) {
		f.requests.clear()
		f.fired.clear()
	})
	return mux
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := f.choose(r)
	if fault == nil {
		f.proxy.ServeHTTP(w, r)
		return
	}
	if fault.answer(w, r) {
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), ruleKey{}, fault))
	if fault.edits() {
		r.Header.Del("If-None-Match")
		r.Header.Del("Accept-Encoding")
	}
	f.proxy.ServeHTTP(w, r)
}

// The first rule that wants this request; those asked before it count it too.
func (f *faulty) choose(r *http.Request) *rule {
	line := r.Method + " " + r.URL.RequestURI()
	f.requests.add(line)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, rule := range f.rules {
		if rule.matches(r) && rule.isDue() {
			f.fired.add(rule.text + ": " + line)
			return rule
		}
	}
	return nil
}

// Answer without asking the real server; false when it must be asked.
func (rule *rule) answer(w http.ResponseWriter, r *http.Request) bool {
	switch rule.fault {
	case "hang":
		<-r.Context().Done()
	case "cut":
		panic(http.ErrAbortHandler)
	case "delay":
		select {
		case <-time.After(rule.delay):
		case <-r.Context().Done():
		}
		return false
	case "html":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		io.WriteString(w, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n")
	case "expired":
		rule.expire(w, r)
	case "stale", "missing":
		return rule.answerGroup(w, r)
	case "stall", "truncate", "warning", "garble", "lost", "goaway":
		return false
	default:
		rule.refuse(w)
	}
	return true
}

var reasons = map[int]string{
	400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired",
	422: "Invalid", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout",
}

func (rule *rule) refuse(w http.ResponseWriter) {
	status := object{"kind": "Status", "apiVersion": "v1", "metadata": object{}, "status": "Failure",
		"message": "the rig says " + rule.fault, "reason": reasons[rule.code], "code": rule.code}
	if rule.retryAfter != "" {
		w.Header().Set("Retry-After", rule.retryAfter)
		seconds, _ := strconv.Atoi(rule.retryAfter)
		status["details"] = object{"retryAfterSeconds": seconds}
	}
	writeStatus(w, rule.code, status)
}

func writeStatus(w http.ResponseWriter, code int, status object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(status)
}

// 410 as the real server says it: to a list, with a token that goes on inconsistently; to a watch,
// as an event in an answer of status 200.
func (rule *rule) expire(w http.ResponseWriter, r *http.Request) {
	status := object{"kind": "Status", "apiVersion": "v1", "metadata": object{}, "status": "Failure",
		"message": "The provided continue parameter is too old to display a consistent list result.",
		"reason":  "Expired", "code": http.StatusGone}
	if isWatch(r) {
		status["message"] = "too old resource version"
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(object{"type": "ERROR", "object": status})
		return
	}
	token := object{}
	text, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("continue"))
	if err == nil && json.Unmarshal(text, &token) == nil {
		token["rv"] = -1
		text, _ = json.Marshal(token)
		status["metadata"] = object{"continue": base64.RawURLEncoding.EncodeToString(text)}
	}
	writeStatus(w, http.StatusGone, status)
}

func isWatch(r *http.Request) bool {
	watch := r.URL.Query().Get("watch")
	return watch == "1" || watch == "true"
}

// Below a group whose server is down is 503, below one that is not there 404 in plain text.
func (rule *rule) answerGroup(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path == "/apis" {
		return false
	}
	if rule.fault == "missing" {
		http.Error(w, "404 page not found", http.StatusNotFound)
	} else {
		http.Error(w, "service unavailable", http.StatusServiceUnavailable)
	}
	return true
}

// ---- faults in real answers ---------------------------------------------------------------------

func (rule *rule) edits() bool {
	switch rule.fault {
	case "stall", "truncate", "garble", "stale", "missing":
		return true
	}
	return false
}

func modify(response *http.Response) error {
	rule, _ := response.Request.Context().Value(ruleKey{}).(*rule)
	if rule == nil {
		return nil
	}
	switch rule.fault {
	case "warning":
		response.Header.Add("Warning", `299 - "the rig warns"`)
	case "goaway":
		response.Header.Set("Connection", "close")
	case "lost":
		return fmt.Errorf("lost")
	case "stall", "truncate", "garble", "stale", "missing":
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return err
		}
		rule.damage(response, body)
	}
	return nil
}

func (rule *rule) damage(response *http.Response, body []byte) {
	response.Header.Del("ETag")
	switch half := body[:len(body)/2]; rule.fault {
	case "stall":
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(half), &silence{response.Request.Context()}))
	case "truncate":
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(half), brokenReader{}))
	case "garble":
		replaceBody(response, append(half[:len(half):len(half)], []byte("\x00\xff{]")...))
	default:
		replaceBody(response, rule.editDiscovery(body))
	}
}

func replaceBody(response *http.Response, body []byte) {
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
}

type silence struct{ until context.Context }

func (s *silence) Read([]byte) (int, error) {
	<-s.until.Done()
	return 0, io.ErrUnexpectedEOF
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Both shapes of /apis: aggregated discovery has `items`, the old list of groups has `groups`.
func (rule *rule) editDiscovery(body []byte) []byte {
	var all object
	if json.Unmarshal(body, &all) != nil {
		return body
	}
	for _, key := range []string{"items", "groups"} {
		groups, _ := all[key].(list)
		var kept list
		for _, entry := range groups {
			group, _ := entry.(object)
			if groupName(group) != rule.group {
				kept = append(kept, entry)
			} else if rule.fault == "stale" {
				kept = append(kept, stale(group))
			}
		}
		if groups != nil {
			all[key] = kept
		}
	}
	edited, err := json.Marshal(all)
	if err != nil {
		return body
	}
	return edited
}

func groupName(group object) string {
	if name, ok := group["name"].(string); ok {
		return name
	}
	metadata, _ := group["metadata"].(object)
	name, _ := metadata["name"].(string)
	return name
}

// As the aggregator tells of a server that it cannot reach: no resources, or those it last knew.
func stale(group object) object {
	versions, _ := group["versions"].(list)
	for _, entry := range versions {
		if version, ok := entry.(object); ok && version["resources"] != nil {
			version["freshness"] = "Stale"
		}
	}
	return group
}

// ---- rules --------------------------------------------------------------------------------------

// A rule is a line: the fault, then conditions and details as key=value.
//
//	429 500 … any status   as a Status object; retry-after=SECONDS (429: 1, others: none)
//	expired                410 to lists that continue, and to watches
//	hang cut html          no answer; connection's stream reset; a gateway's page
//	stall truncate garble  half an answer and then nothing; then a reset; then rubbish
//	lost                   the request reaches the server, the answer does not come back
//	goaway                 the real answer, and the end of the connection after it
//	delay by=300ms         the real answer, late
//	warning                the real answer with a Warning header
//	stale missing group=G  discovery says that the group's server is down; that there is no group
//
// Conditions: method=GET path=TEXT (part of path and query) user-agent=TEXT; times=N (only N
// times) after=N (not the first N) every=N (each Nth).
type rule struct {
	text, fault             string
	code                    int
	method, path, userAgent string
	group, retryAfter       string
	delay                   time.Duration
	times, after, every     int
	seen, done              int
}

func parseRules(text string) ([]*rule, error) {
	var rules []*rule
	for _, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		rule, err := parseRule(words)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimSpace(line), err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func parseRule(words []string) (*rule, error) {
	r := &rule{text: strings.Join(words, " "), fault: words[0]}
	switch r.fault {
	case "expired", "hang", "cut", "html", "stall", "truncate", "garble", "delay", "warning",
		"lost", "goaway", "stale", "missing":
	default:
		code, err := strconv.Atoi(r.fault)
		if err != nil || code < 300 || code > 599 {
			return nil, fmt.Errorf("no such fault")
		}
		r.code = code
		if code == http.StatusTooManyRequests {
			r.retryAfter = "1"
		}
	}
	for _, word := range words[1:] {
		if err := r.parseWord(word); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *rule) parseWord(word string) (err error) {
	key, value, _ := strings.Cut(word, "=")
	texts := map[string]*string{"method": &r.method, "path": &r.path, "user-agent": &r.userAgent,
		"group": &r.group, "retry-after": &r.retryAfter}
	numbers := map[string]*int{"times": &r.times, "after": &r.after, "every": &r.every}
	switch {
	case texts[key] != nil:
		*texts[key] = value
	case numbers[key] != nil:
		*numbers[key], err = strconv.Atoi(value)
	case key == "by":
		r.delay, err = time.ParseDuration(value)
	default:
		err = fmt.Errorf("no such word: %s", key)
	}
	return err
}

func (r *rule) matches(request *http.Request) bool {
	if r.method != "" && r.method != request.Method ||
		!strings.Contains(request.URL.RequestURI(), r.path) ||
		!strings.Contains(request.UserAgent(), r.userAgent) {
		return false
	}
	switch path := request.URL.Path; r.fault {
	case "expired":
		return request.URL.Query().Get("continue") != "" || isWatch(request)
	case "stale":
		return path == "/apis" || strings.HasPrefix(path, "/apis/"+r.group+"/")
	case "missing":
		return path == "/apis" || strings.HasPrefix(path+"/", "/apis/"+r.group+"/")
	}
	return true
}

func (r *rule) isDue() bool {
	r.seen++
	if r.seen <= r.after || r.times > 0 && r.done >= r.times || r.every > 0 && (r.seen-r.after)%r.every != 0 {
		return false
	}
	r.done++
	return true
}
