package main

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// An admission webhook; the path says what it does to what it is shown:
//
//	/allow /deny /error      as they say; /error is a 500
//	/warn                    allows with a warning
//	/annotate                sets the annotation rig.fettle.dev/hook to "was here"
//	/count                   sets it to another number each time
//	/hang                    does not answer
//
// /reviews on the control port tells the objects shown, one a line.
func webhook(args []string) error {
	flags := flag.NewFlagSet("webhook", flag.ExitOnError)
	cert := flags.String("cert", "", "certificate to serve with")
	key := flags.String("key", "", "its key")
	listen := flags.String("listen", "127.0.0.1:0", "where the API server connects")
	control := flags.String("control", "127.0.0.1:0", "HTTP: /reviews /clear")
	flags.Parse(args)

	h := &hook{}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/reviews", func(w http.ResponseWriter, _ *http.Request) { h.reviews.print(w) })
	mux.HandleFunc("/clear", func(http.ResponseWriter, *http.Request) { h.reviews.clear() })
	if err := serveInBackground(*control, mux); err != nil {
		return err
	}
	server := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	return server.ServeTLS(listener, *cert, *key)
}

type hook struct {
	count   atomic.Int64
	reviews lines
}

type review struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Request    *hookRequest `json:"request,omitempty"`
	Response   object       `json:"response,omitempty"`
}

type hookRequest struct {
	UID, Name, Namespace, Operation string
	DryRun                          bool
	Kind                            struct{ Kind string }
	Object                          struct {
		Metadata struct{ Annotations map[string]string }
	}
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var shown review
	if err := json.NewDecoder(r.Body).Decode(&shown); err != nil || shown.Request == nil {
		http.Error(w, "not an AdmissionReview", http.StatusBadRequest)
		return
	}
	request := shown.Request
	h.reviews.add(fmt.Sprintf("%s %s %s %s/%s dryRun=%v", r.URL.Path, request.Operation, request.Kind.Kind,
		request.Namespace, request.Name, request.DryRun))
	answer := object{"uid": request.UID, "allowed": true}
	switch r.URL.Path {
	case "/allow":
	case "/deny":
		answer["allowed"] = false
		answer["status"] = object{"code": http.StatusForbidden, "message": "the rig's webhook says no"}
	case "/warn":
		answer["warnings"] = []string{"the rig's webhook warns"}
	case "/annotate":
		request.annotate(answer, "was here")
	case "/count":
		request.annotate(answer, fmt.Sprint(h.count.Add(1)))
	case "/hang":
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
		return
	default:
		http.Error(w, "the rig's webhook is broken", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(review{APIVersion: shown.APIVersion, Kind: shown.Kind, Response: answer})
}

func (r *hookRequest) annotate(answer object, value string) {
	var patch list
	if r.Object.Metadata.Annotations == nil {
		patch = append(patch, object{"op": "add", "path": "/metadata/annotations", "value": object{}})
	}
	key := strings.ReplaceAll("rig.fettle.dev/hook", "/", "~1")
	patch = append(patch, object{"op": "add", "path": "/metadata/annotations/" + key, "value": value})
	text, _ := json.Marshal(patch)
	answer["patchType"], answer["patch"] = "JSONPatch", base64.StdEncoding.EncodeToString(text)
}
