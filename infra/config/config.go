// Package config holds what differs between installations: one typed value for each of dev,
// prod and dr, read from JSON and checked as a whole before anything is made of it.
//
// What belongs to an account (names of zones, addresses of people) is in the JSON files,
// which an operator edits; what is the same everywhere is in package stack.
package config

// Config is one installation: a region's worth of Plinth.
type Config struct {
	Env    string   `json:"env"`    // dev, prod, dr
	Region string   `json:"region"` // of all stacks
	Zones  []string `json:"zones"`  // availability zones, three; those of an account that take VPC origins

	Alerts string `json:"alerts"` // mail address that alarms and the budget go to
	Budget int    `json:"budget"` // US dollars a month; alarms at 80 % of it forecast and 100 % spent

	Image   Image   `json:"image"`
	Domain  Domain  `json:"domain"`
	Network Network `json:"network"`
	Fleet   Fleet   `json:"fleet"`
	Origin  Origin  `json:"origin"`
	Ledger  Ledger  `json:"ledger"`
	Keep    Keep    `json:"keep"`

	Edge    *Edge    `json:"edge,omitempty"`    // absent where another installation's edge is used
	Standby *Standby `json:"standby,omitempty"` // the installation that takes over from this one
	Primary string   `json:"primary,omitempty"` // env that this one stands in for

	// Uploads has S3 tell the queue of what arrives. A standby has it off until it takes over: S3
	// tells of copies as it does of uploads, and what its primary works on would be made twice.
	Uploads bool `json:"uploads"`

	// Precheck has a Lambda function look at uploads before the fleet does, so that a broken
	// file is refused within seconds whatever waits.
	Precheck bool `json:"precheck"`
}

// Image is the one container image that all roles run from.
type Image struct {
	Repository string `json:"repository"` // in ECR, of the same account and region
	Tag        string `json:"tag"`        // immutable; TAG-arm64 is the part of it that Lambda takes
}

// Domain is where the installation is reached: cdn.NAME at the edge, origin.NAME behind it.
type Domain struct {
	Name   string `json:"name"`
	ZoneID string `json:"zoneID"` // of its hosted zone in Route 53
}

// Network is the address space.
type Network struct {
	CIDR string `json:"cidr"` // a /16 to /20; a third of it for each zone

	// EdgePrefixList is the ID, in this region, of the prefix list of CloudFront's servers,
	// com.amazonaws.global.cloudfront.origin-facing.
	EdgePrefixList string `json:"edgePrefixList"`
}

// Fleet is the workers.
type Fleet struct {
	CPU        int `json:"cpu"`        // of a task, 1024 is one
	MemoryMiB  int `json:"memoryMiB"`  // of a task
	ScratchGiB int `json:"scratchGiB"` // ephemeral storage of a task, 21 to 200
	Min        int `json:"min"`        // tasks
	Max        int `json:"max"`
	OnDemand   int `json:"onDemand"` // tasks that aren't on Spot; what is beyond is

	// Backlog is the jobs that wait for each task before there are more tasks: how long a
	// merchant waits, over how long a job takes.
	Backlog float64 `json:"backlog"`

	Large *Large `json:"large,omitempty"` // machines for meshes that no ordinary worker holds
	EFS   bool   `json:"efs"`             // scratch on EFS instead of the task's own disk
}

// Large is an EC2 capacity provider for very large meshes. Other workers leave them to it.
type Large struct {
	Instance  string `json:"instance"`  // arm64, such as r8g.4xlarge
	CPU       int    `json:"cpu"`       // of a task
	MemoryMiB int    `json:"memoryMiB"` // of a task
	Max       int    `json:"max"`       // machines; none runs while none is needed
}

// Origin is the service behind the edge.
type Origin struct {
	CPU       int `json:"cpu"`
	MemoryMiB int `json:"memoryMiB"`
	CacheMiB  int `json:"cacheMiB"` // of that for files
	DiskGiB   int `json:"diskGiB"`  // cache of files, part of the task's ephemeral storage
	PerZone   int `json:"perZone"`  // tasks at least
	Max       int `json:"max"`      // tasks in all zones

	// Requests is what a task takes per minute before there are more tasks.
	Requests int `json:"requests"`

	// Signed has origins read the keys of merchants whose URLs are signed. They don't start
	// without: the object has to be in the store before this is switched on.
	Signed bool `json:"signed"`
}

// Ledger is the database of merchants, keys and usage: Aurora PostgreSQL, serverless.
type Ledger struct {
	Instances int     `json:"instances"` // writer included; 0 is no database
	MinACU    float64 `json:"minACU"`    // capacity units of 2 GiB
	MaxACU    float64 `json:"maxACU"`
	Snapshot  string  `json:"snapshot,omitempty"` // ARN; the database is restored from it
}

// Edge is CloudFront and what stands before it.
type Edge struct {
	PriceClass     string `json:"priceClass"`           // PriceClass_100, _200, _All
	Rate           int    `json:"rate"`                 // requests of one address in five minutes before it is blocked
	SigningKey     string `json:"signingKey,omitempty"` // public key, PEM, of signed URLs for sources
	ShieldAdvanced bool   `json:"shieldAdvanced"`       // 3,000 dollars a month, for a year
}

// Keep is how long things stay, in days.
type Keep struct {
	Logs       int `json:"logs"`       // what CloudWatch takes: 1, 3, 5, 7, 14, 30, 60, 90, ...
	Backups    int `json:"backups"`    // of the database, 1 to 35 in the region, and of its copies
	Noncurrent int `json:"noncurrent"` // versions of objects that were replaced or deleted
	Raw        int `json:"raw"`        // uploads, once they are sources in the store
}

// Standby is the other region.
type Standby struct {
	Env    string `json:"env"`
	Region string `json:"region"`

	// LoadBalancer is the ARN of the standby's load balancer, an output of its origin stack.
	// Without it the edge does not fail over.
	LoadBalancer string `json:"loadBalancer,omitempty"`
}

// Name is what all names begin with: plinth-prod.
func (c *Config) Name() string { return "plinth-" + c.Env }

// Catalog is the name of the catalog's table. A standby has a replica of its primary's.
func (c *Config) Catalog() string {
	if c.Primary != "" {
		return "plinth-" + c.Primary + "-catalog"
	}
	return c.Name() + "-catalog"
}

// Lasting says whether what holds data survives its stack.
func (c *Config) Lasting() bool { return c.Env != "dev" }
