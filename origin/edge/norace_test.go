//go:build !race

package edge

// requests are so many that more than 20,000 are for products.
const requests = 30_000
