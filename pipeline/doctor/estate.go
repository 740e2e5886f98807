package doctor

import (
	"cmp"
	"slices"
	"strings"
)

// Estate is what the rules look at.
type Estate struct {
	resources []*Resource // by stack and ID
	live      bool        // seen running, not declared
	kinds     map[string][]*Resource
	uses      map[*Resource][]use
	sources   map[*Resource][]*Resource // queues, by the queue for their dead letters
	told      []Finding                 // what was found while it was read
}

// Resource is one resource of an estate.
type Resource struct {
	Stack  string
	Region string // empty if it isn't known
	ID     string // logical ID; of a stack itself it is empty, and its Type is "Stack"
	Path   string // of the construct, from aws:cdk:path
	Type   string // AWS::S3::Bucket

	// Properties are as CloudFormation calls them. Values are what encoding/json makes of
	// JSON, or Link, Text and Opaque in place of CloudFormation's functions.
	Properties map[string]any

	// Unseen are properties that a survey was not allowed to look at, each with the
	// permission that it needs.
	Unseen map[string]string

	deletion, replacement string // DeletionPolicy, UpdateReplacePolicy
	suppressed            []*Suppression
}

// Link is a value that only a deployment knows, but of which resource is known.
type Link struct {
	To        *Resource
	Attribute string // empty is what Ref gives
}

// Text is a string of which parts are known: each is a string, a Link or an Opaque.
type Text []any

// Opaque is a value that only a deployment knows: how the template writes it.
type Opaque string

// use is a place where a resource is linked to.
type use struct {
	by *Resource // nil is an output that others import
	at string    // RedrivePolicy.deadLetterTargetArn
}

// Survey returns the estate of resources that were seen running. Rules about what a survey
// doesn't see are left out.
func Survey(resources ...*Resource) *Estate {
	e := newEstate(resources)
	e.live = true
	return e
}

func newEstate(resources []*Resource) *Estate {
	e := &Estate{resources: resources, kinds: map[string][]*Resource{}, uses: map[*Resource][]use{}}
	slices.SortStableFunc(e.resources, func(a, b *Resource) int {
		return cmp.Or(strings.Compare(a.Stack, b.Stack), strings.Compare(a.ID, b.ID))
	})
	for _, r := range e.resources {
		e.kinds[r.Type] = append(e.kinds[r.Type], r)
		walk(r.Properties, "", func(at string, l Link) { e.uses[l.To] = append(e.uses[l.To], use{r, at}) })
	}
	e.sources = deadLetters(e.of(queues...))
	return e
}

// of are the resources of some types.
func (e *Estate) of(types ...string) (all []*Resource) {
	for _, t := range types {
		all = append(all, e.kinds[t]...)
	}
	return all
}

// Len is how many resources there are, stacks not counted.
func (e *Estate) Len() int { return len(e.resources) - len(e.kinds[stackType]) }

// linked tells if a value is, or is made of, a resource: by a link, or by its name.
func linked(v value, r *Resource) bool {
	found := false
	v.links(func(l Link) { found = found || l.To == r })
	return found || r.named(v.pattern())
}

// nameProperties are where resources have names of our choosing, by which templates in
// other stacks and regions may call them.
var nameProperties = map[string]string{
	"AWS::SQS::Queue": "QueueName", "AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName",
	"AWS::DynamoDB::GlobalTable": "TableName", "AWS::Lambda::Function": "FunctionName", "AWS::ECS::Cluster": "ClusterName",
}

// named tells if text is the name of a resource, or an ARN or URL that ends with it.
func (r *Resource) named(text string) bool {
	name := r.at(nameProperties[r.Type]).text()
	rest, ends := strings.CutSuffix(text, name)
	return name != "" && ends && (rest == "" || strings.HasSuffix(rest, ":") || strings.HasSuffix(rest, "/"))
}
