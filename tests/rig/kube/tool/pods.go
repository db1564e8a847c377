package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// The annotation of a Pod that says what becomes of it:
//
//	ready         running and ready (the default, except for Pods of Jobs)
//	succeed fail  finished (succeed is the default for Pods of Jobs)
//	crash         in CrashLoopBackOff
//	hang          running, never ready
//	pull-error    in ImagePullBackOff
//	unschedulable no node takes it
//	none          left alone
//	slow:2s       creating its containers for 2 s, then the default; slow:2s:crash, then crash
//
// A changed annotation changes the Pod.
const annotation = "rig.fettle.dev/pod"

// The only Node. Services take no Pods but those on a Node.
const nodeName = "rig-node"

type object = map[string]any
type list = []any

type pod struct {
	Metadata struct {
		Name, Namespace, UID string
		ResourceVersion      string
		DeletionTimestamp    string
		Annotations          map[string]string
		OwnerReferences      []struct{ Kind string }
	}
	Spec struct {
		NodeName                   string
		Containers, InitContainers []struct{ Name, Image string }
	}
	Status struct{ PodIP string }
}

type kubelet struct {
	server, token string
	client        *http.Client
	workers       []chan pod
	address       atomic.Uint32
}

func pods(args []string) error {
	flags := flag.NewFlagSet("pods", flag.ExitOnError)
	server := flags.String("server", "", "URL of the API server")
	ca := flags.String("ca", "", "certificate of its CA")
	token := flags.String("token", "", "bearer token")
	flags.Parse(args)

	client, err := tlsClient(*ca)
	if err != nil {
		return err
	}
	k := &kubelet{server: *server, token: *token, client: client}
	for i := 0; i < 8; i++ {
		events := make(chan pod, 4096)
		k.workers = append(k.workers, events)
		go k.work(events)
	}
	if err := k.makeNode(); err != nil {
		log.Print(err)
	}
	for {
		if err := k.follow(); err != nil {
			log.Print(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func tlsClient(ca string) (*http.Client, error) {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", ca)
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
	}}, nil
}

// List all Pods, then watch until the watch ends.
func (k *kubelet) follow() error {
	var all struct {
		Metadata struct{ ResourceVersion string }
		Items    []pod
	}
	if err := k.call("GET", "/api/v1/pods", "", nil, &all); err != nil {
		return err
	}
	for _, p := range all.Items {
		k.hand(p)
	}
	response, err := k.send("GET", "/api/v1/pods?watch=1&resourceVersion="+all.Metadata.ResourceVersion, "", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	decoder := json.NewDecoder(bufio.NewReader(response.Body))
	for {
		var event struct {
			Type   string
			Object pod
		}
		if err := decoder.Decode(&event); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		switch event.Type {
		case "ADDED", "MODIFIED", "DELETED":
			if event.Type == "DELETED" {
				event.Object.Spec.Containers = nil // a Pod has containers: this is how workers know
			}
			k.hand(event.Object)
		default:
			return fmt.Errorf("watch: %s", event.Type)
		}
	}
}

// One worker sees all events of a Pod, in their order.
func (k *kubelet) hand(p pod) {
	hash := fnv.New32a()
	hash.Write([]byte(p.Metadata.UID))
	k.workers[hash.Sum32()%uint32(len(k.workers))] <- p
}

func (k *kubelet) work(events chan pod) {
	done := map[string]string{} // UID of a Pod -> what was made of it
	for p := range events {
		uid := p.Metadata.UID
		if len(p.Spec.Containers) == 0 {
			delete(done, uid)
			continue
		}
		if p.Metadata.DeletionTimestamp != "" {
			if done[uid] != "gone" {
				done[uid] = "gone"
				k.end(p)
			}
			continue
		}
		wish := p.wish()
		if done[uid] == wish {
			continue
		}
		done[uid] = wish
		k.make(p, wish)
	}
}

func (p pod) wish() string {
	if wish := p.Metadata.Annotations[annotation]; wish != "" {
		return wish
	}
	return p.usual()
}

func (p pod) usual() string {
	for _, owner := range p.Metadata.OwnerReferences {
		if owner.Kind == "Job" {
			return "succeed"
		}
	}
	return "ready"
}

func (k *kubelet) make(p pod, wish string) {
	if rest, isSlow := strings.CutPrefix(wish, "slow:"); isSlow {
		text, then, _ := strings.Cut(rest, ":")
		if then == "" {
			then = p.usual()
		}
		delay, err := time.ParseDuration(text)
		if err != nil {
			log.Printf("%s/%s: %v", p.Metadata.Namespace, p.Metadata.Name, err)
			return
		}
		k.set(p, "creating")
		p.Spec.NodeName = nodeName
		time.AfterFunc(delay, func() { k.set(p, then) })
		return
	}
	k.set(p, wish)
}

func (k *kubelet) set(p pod, wish string) {
	status := k.status(p, wish)
	if status == nil {
		return
	}
	if wish != "unschedulable" && p.Spec.NodeName == "" {
		k.bind(p)
	}
	patch := object{"metadata": object{"uid": p.Metadata.UID}, "status": status}
	path := fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/status?fieldManager=kubelet", p.Metadata.Namespace, p.Metadata.Name)
	if err := k.call("PATCH", path, "application/strategic-merge-patch+json", patch, nil); err != nil {
		log.Printf("%s/%s: %v", p.Metadata.Namespace, p.Metadata.Name, err)
	}
}

func (k *kubelet) bind(p pod) {
	path := fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/binding", p.Metadata.Namespace, p.Metadata.Name)
	binding := object{"apiVersion": "v1", "kind": "Binding",
		"metadata": object{"name": p.Metadata.Name, "uid": p.Metadata.UID},
		"target":   object{"apiVersion": "v1", "kind": "Node", "name": nodeName}}
	if err := k.call("POST", path, "application/json", binding, nil); err != nil {
		log.Printf("%s/%s: %v", p.Metadata.Namespace, p.Metadata.Name, err)
	}
}

// A Pod on a Node waits for its kubelet to confirm that it is gone.
func (k *kubelet) end(p pod) {
	if p.Spec.NodeName == "" {
		return
	}
	path := fmt.Sprintf("/api/v1/namespaces/%s/pods/%s", p.Metadata.Namespace, p.Metadata.Name)
	options := object{"gracePeriodSeconds": 0, "preconditions": object{"uid": p.Metadata.UID}}
	if err := k.call("DELETE", path, "application/json", options, nil); err != nil {
		log.Printf("%s/%s: %v", p.Metadata.Namespace, p.Metadata.Name, err)
	}
}

func (k *kubelet) status(p pod, wish string) object {
	now := time.Now().UTC().Format(time.RFC3339)
	state := containerState{}
	phase := "Running"
	running := object{"running": object{"startedAt": now}}
	ended := func(code int, reason string) object {
		return object{"terminated": object{"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}}
	}
	waiting := func(reason, message string) object {
		return object{"waiting": object{"reason": reason, "message": message}}
	}
	switch wish {
	case "ready":
		state = containerState{now: running, ready: true}
	case "hang":
		state = containerState{now: running}
	case "crash":
		state = containerState{restarts: 3, last: ended(1, "Error"),
			now: waiting("CrashLoopBackOff", "back-off 40s restarting failed container")}
	case "creating":
		phase = "Pending"
		state = containerState{now: waiting("ContainerCreating", "")}
	case "pull-error":
		phase = "Pending"
		state = containerState{now: waiting("ImagePullBackOff", "Back-off pulling image")}
	case "succeed":
		phase = "Succeeded"
		state = containerState{now: ended(0, "Completed")}
	case "fail":
		phase = "Failed"
		state = containerState{now: ended(1, "Error")}
	case "unschedulable":
		return object{"phase": "Pending", "conditions": list{object{
			"type": "PodScheduled", "status": "False", "lastTransitionTime": now, "reason": "Unschedulable",
			"message": "0/1 nodes are available: 1 Insufficient cpu.",
		}}}
	case "none":
		return nil
	default:
		log.Printf("%s/%s: %s: unknown: %s", p.Metadata.Namespace, p.Metadata.Name, annotation, wish)
		return nil
	}
	status := object{
		"phase": phase, "conditions": conditions(phase, state.ready, now), "startTime": now,
		"hostIP": "127.0.0.1", "hostIPs": list{object{"ip": "127.0.0.1"}},
		"containerStatuses": containerStatuses(p.Spec.Containers, state),
	}
	if len(p.Spec.InitContainers) > 0 {
		status["initContainerStatuses"] = containerStatuses(p.Spec.InitContainers, containerState{now: ended(0, "Completed"), ready: true})
	}
	if phase != "Pending" {
		ip := p.Status.PodIP
		if ip == "" {
			n := k.address.Add(1)
			ip = fmt.Sprintf("10.244.%d.%d", n/250%250, n%250+1)
		}
		status["podIP"], status["podIPs"] = ip, list{object{"ip": ip}}
	}
	return status
}

type containerState struct {
	now, last object
	ready     bool
	restarts  int
}

func containerStatuses(containers []struct{ Name, Image string }, state containerState) list {
	var all list
	for _, c := range containers {
		_, isRunning := state.now["running"]
		status := object{
			"name": c.Name, "image": c.Image, "imageID": "", "ready": state.ready, "started": isRunning,
			"restartCount": state.restarts, "state": state.now,
		}
		if state.last != nil {
			status["lastState"] = state.last
		}
		all = append(all, status)
	}
	return all
}

func conditions(phase string, isReady bool, now string) list {
	condition := func(kind string, is bool, reason string) object {
		c := object{"type": kind, "status": "True", "lastTransitionTime": now, "reason": nil, "message": nil}
		if !is {
			c["status"], c["reason"] = "False", reason
		}
		return c
	}
	reason := "ContainersNotReady"
	if phase == "Succeeded" {
		reason = "PodCompleted"
	}
	return list{
		condition("PodScheduled", true, ""), condition("Initialized", true, ""),
		condition("ContainersReady", isReady, reason), condition("Ready", isReady, reason),
	}
}

func (k *kubelet) makeNode() error {
	now := time.Now().UTC().Format(time.RFC3339)
	node := object{"apiVersion": "v1", "kind": "Node", "metadata": object{"name": nodeName, "labels": object{
		"kubernetes.io/hostname": nodeName, "kubernetes.io/os": "linux",
	}}}
	if err := k.call("POST", "/api/v1/nodes", "application/json", node, nil); err != nil {
		return err
	}
	room := object{"cpu": "64", "memory": "256Gi", "pods": "10000"}
	status := object{"status": object{"capacity": room, "allocatable": room, "conditions": list{object{
		"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "",
		"lastHeartbeatTime": now, "lastTransitionTime": now,
	}}}}
	return k.call("PATCH", "/api/v1/nodes/"+nodeName+"/status", "application/strategic-merge-patch+json", status, nil)
}

func (k *kubelet) send(method, path, kind string, body any) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, k.server+path, reader)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+k.token)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "kubelet")
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := k.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 2000))
		response.Body.Close()
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return response, nil
}

func (k *kubelet) call(method, path, kind string, body, result any) error {
	response, err := k.send(method, path, kind, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if result == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	return json.NewDecoder(response.Body).Decode(result)
}
