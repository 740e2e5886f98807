package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

// ofSource tells if a call reads that source.
func ofSource(c awstest.Call, data []byte) bool {
	return strings.HasPrefix(c.Key, "source/") && c.Name == asset.Hash(data)
}

// deliveries counts the messages that queues give away.
func deliveries(n *atomic.Int64) func(awstest.Exchange) {
	return func(e awstest.Exchange) {
		var a struct{ Messages []json.RawMessage }
		if strings.HasSuffix(e.Target, ".ReceiveMessage") && json.Unmarshal(e.Answer, &a) == nil {
			n.Add(int64(len(a.Messages)))
		}
	}
}

func awsLongJob(t *testing.T, called *calledBy) {
	const lease = 2 * time.Second
	p, data := awsPlace(t, lease), small(t, 1)
	begun, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var given atomic.Int64
	for range 2 { // the other one has nothing to do all the while
		r := called.relay(t, "worker")
		r.See = deliveries(&given)
		r.Fault = func(c awstest.Call) awstest.Fault {
			if ofSource(c, data) {
				once.Do(func() { close(begun) })
				<-release
			}
			return awstest.None
		}
		awsWorker(t, r, p)
	}
	v := awsUpload(t, p, "long", data)
	<-begun
	time.Sleep(3*lease + lease/2) // the time is what is tested
	if waiting, leased, _, err := p.Messages(t.Context()); waiting != 0 || leased != 1 || err != nil {
		t.Errorf("%d messages wait and %d are leased, %v", waiting, leased, err)
	}
	close(release)
	v = awsAwait(t, p, v.Model, in(asset.Ready, asset.Failed))
	if v.State != asset.Ready || v.Attempts != 1 || given.Load() != 1 {
		t.Errorf("it is %s after %d attempts and %d deliveries", v.State, v.Attempts, given.Load())
	}
}

func awsKiller(t *testing.T, called *calledBy) {
	p, data := awsPlace(t, time.Second), small(t, 2)
	dying, dead := make(chan struct{}), make(chan struct{})
	r := called.relay(t, "worker")
	r.Fault = func(c awstest.Call) awstest.Fault {
		if ofSource(c, data) {
			dying <- struct{}{}
			<-dead // a worker that lives would ask again
			return awstest.Lost
		}
		return awstest.None
	}
	w := awsWorker(t, r, p)
	v := awsUpload(t, p, "killer", data)
	others := []string{}
	for deaths := range cloud.MaxReceives {
		model := fmt.Sprint("other-", deaths)
		awsUpload(t, p, model, small(t, 10+deaths))
		others = append(others, model)
		<-dying
		w.signal(syscall.SIGKILL)
		<-w.end
		dead <- struct{}{}
		w = awsWorker(t, r, p)
	}
	v = awsAwait(t, p, v.Model, in(asset.Failed, asset.Ready))
	if v.State != asset.Failed || v.Failure.Code != "exhausted" || !strings.Contains(v.Failure.Reason, "memory") {
		t.Errorf("it is %s, %+v", v.State, v.Failure)
	}
	b := awsGrave(t, p)
	if b.Job != v.Ref() || b.Code != "exhausted" || b.Source != v.Source || b.Reason == "" || b.Reproduce == "" || b.Receives != cloud.MaxReceives+1 {
		t.Errorf("buried is %+v", b)
	}
	for _, model := range others {
		if o := awsAwait(t, p, model, in(asset.Failed, asset.Ready)); o.State != asset.Ready {
			t.Errorf("%s is %s, %+v", model, o.State, o.Failure)
		}
	}
}

// awsGrave waits for the first dead letter, which must be the only one.
func awsGrave(t *testing.T, p *awstest.Installation) cloud.BuriedJob {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		all, err := p.Queue.Buried(t.Context(), 10)
		if err != nil || len(all) > 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		if len(all) == 1 {
			return all[0]
		}
	}
	t.Fatal("nothing is buried")
	return cloud.BuriedJob{}
}

// awsUnreadable denies a file: a backend that is away is waited for a quarter of an hour.
func awsUnreadable(t *testing.T, called *calledBy) {
	p, data := awsPlace(t, 5*time.Second), small(t, 3)
	var healed atomic.Bool
	var given atomic.Int64
	r := called.relay(t, "worker")
	r.See = deliveries(&given)
	r.Fault = func(c awstest.Call) awstest.Fault {
		if ofSource(c, data) && !healed.Load() {
			return awstest.Denied
		}
		return awstest.None
	}
	awsWorker(t, r, p)
	v := awsUpload(t, p, "unreadable", data)
	v = awsAwait(t, p, v.Model, in(asset.Failed, asset.Ready))
	if v.State != asset.Failed || v.Attempts != cloud.MaxReceives || !strings.Contains(v.Failure.Reason, "403") || given.Load() != cloud.MaxReceives {
		t.Errorf("it is %s after %d attempts and %d deliveries: %+v", v.State, v.Attempts, given.Load(), v.Failure)
	}
	b := awsGrave(t, p)
	if b.Job != v.Ref() || b.Receives != cloud.MaxReceives || !strings.Contains(b.Reason, "403") || b.Source != v.Source || !strings.Contains(b.Reproduce, v.Source) {
		t.Errorf("buried is %+v", b)
	}
	healed.Store(true)
	awsRedrive(t, called, p, v)
	if v = awsAwait(t, p, v.Model, in(asset.Failed, asset.Ready)); v.State != asset.Ready || !v.Live {
		t.Errorf("redriven, it is %s: %+v", v.State, v.Failure)
	}
}

// awsKilledAtTheGrave kills a worker once its message is out of the lane: its version must not
// run forever, with no message that asks for it.
func awsKilledAtTheGrave(t *testing.T, called *calledBy) {
	p, data := awsPlace(t, time.Second), small(t, 4)
	data = data[:len(data)-10]
	gone, killed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r := called.relay(t, "worker")
	r.See = func(e awstest.Exchange) {
		if strings.HasSuffix(e.Target, ".DeleteMessageBatch") {
			once.Do(func() { close(gone); <-killed })
		}
	}
	first := awsWorker(t, r, p)
	v := awsUpload(t, p, "broken", data)
	<-gone
	first.signal(syscall.SIGKILL)
	<-first.end
	close(killed)
	awsWorker(t, r, p)
	v = awsAwait(t, p, v.Model, in(asset.Failed, asset.Ready))
	if v.State != asset.Failed || !strings.Contains(v.Failure.Reason, "upload it again") {
		t.Errorf("it is %s: %+v", v.State, v.Failure)
	}
	if b := awsGrave(t, p); b.Job != v.Ref() || b.Reason != v.Failure.Reason {
		t.Errorf("buried is %+v", b)
	}
}
