package cloud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/pipeline/doctor"
)

// Places are parts of an installation, as settings name them; an empty one is not looked at.
type Places struct {
	Store   string // s3://BUCKET/PREFIX
	Raw     string // s3://BUCKET/PREFIX, where uploads arrive
	Catalog string // dynamodb://TABLE
	Queue   string // what the names of the queues begin with
	Lanes   []string
}

// Survey asks AWS how buckets, queues and the table are set up, and changes nothing. What it
// is not allowed to see is noted as such. What it can't see at all: the age of messages and
// alarms, which are CloudWatch's, and what scales a table.
func Survey(ctx context.Context, p Places) (*doctor.Estate, error) {
	var all []*doctor.Resource
	for _, url := range slices.Compact([]string{p.Store, p.Raw}) {
		if url == "" {
			continue
		}
		r, err := surveyBucket(ctx, url)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(all, func(x *doctor.Resource) bool { return x.ID == r.ID }) {
			all = append(all, r)
		}
	}
	if p.Catalog != "" {
		r, err := surveyTable(ctx, p.Catalog)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if p.Queue != "" {
		made, err := surveyQueues(ctx, p.Queue, p.Lanes)
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
	}
	return doctor.Survey(all...), nil
}

// seen is a resource of which nothing is known yet.
func seen(kind, name string, properties map[string]any) *doctor.Resource {
	return &doctor.Resource{Stack: "live", ID: name, Type: kind, Properties: properties, Unseen: map[string]string{}}
}

// look is a call that tells of properties.
type look struct {
	permission string
	properties []string // that it tells of
	none       string   // the code of the error that says that there are none
	ask        func(context.Context) (map[string]any, error)
}

// see makes calls and notes what they tell of a resource.
func see(ctx context.Context, r *doctor.Resource, looks ...look) error {
	for _, l := range looks {
		told, err := l.within(ctx)
		switch code := codeOf(err); {
		case err == nil:
			maps.Copy(r.Properties, told)
		case l.none != "" && code == l.none:
		case strings.HasPrefix(code, "AccessDenied"):
			for _, p := range l.properties {
				r.Unseen[p] = l.permission
			}
		default:
			return fmt.Errorf("look at %s (%s): %w", r.ID, l.permission, err)
		}
	}
	return nil
}

func (l look) within(ctx context.Context) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, calling)
	defer cancel()
	return l.ask(ctx)
}
