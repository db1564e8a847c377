// The peer of the differential test: renders JSON lines {Flavour, Template, Data} with Go's text/template,
// Sprig and consul-template, and answers {out, err}.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"github.com/Masterminds/sprig/v3"
	dep "github.com/hashicorp/consul-template/dependency"
	ct "github.com/hashicorp/consul-template/template"
	"os"
	"text/template"
)

var _ = dep.KeyPair{}

func conv(v interface{}) interface{} {
	switch x := v.(type) {
	case json.Number:
		if i, err := x.Int64(); err == nil {
			return int(i)
		}
		f, _ := x.Float64()
		return f
	case map[string]interface{}:
		for k := range x {
			x[k] = conv(x[k])
		}
		return x
	case []interface{}:
		for i := range x {
			x[i] = conv(x[i])
		}
		return x
	}
	return v
}

type rec struct {
	Flavour, Template string
	Data              json.RawMessage
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<24)
	dec := json.NewDecoder(in)
	out := json.NewEncoder(os.Stdout)
	for dec.More() {
		var r rec
		if err := dec.Decode(&r); err != nil {
			panic(err)
		}
		var data interface{}
		d := json.NewDecoder(bytes.NewReader(r.Data))
		d.UseNumber()
		d.Decode(&data)
		data = conv(data)
		var text, e string
		if r.Flavour == "consul-template" {
			brain := ct.NewBrain()
			t, err := ct.NewTemplate(&ct.NewTemplateInput{Contents: r.Template})
			if err != nil {
				e = err.Error()
			} else {
				res, err := t.Execute(&ct.ExecuteInput{Brain: brain, Env: []string{"A=b"}})
				if err != nil {
					e = err.Error()
				} else {
					text = string(res.Output)
				}
			}
		} else {
			t := template.New("t").Funcs(sprig.TxtFuncMap())
			if r.Flavour == "plain" {
				t = t.Option("missingkey=error")
			}
			t, err := t.Parse(r.Template)
			if err != nil {
				e = err.Error()
			} else {
				var b bytes.Buffer
				if err := t.Execute(&b, data); err != nil {
					e = err.Error()
				} else {
					text = b.String()
				}
			}
		}
		out.Encode(map[string]interface{}{"out": text, "err": e})
	}
	fmt.Fprint(os.Stderr, "")
}
